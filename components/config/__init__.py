"""Every section of a pipeline file, typed, and what goes together. Loads no framework."""
