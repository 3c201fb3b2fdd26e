"""Which trials of a search there are."""
