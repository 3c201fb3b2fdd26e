"""One trial of a search, wherever it runs."""
