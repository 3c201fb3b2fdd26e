"""Sources, one in a file, found by its name: `listing(config, source)` says what is there."""
