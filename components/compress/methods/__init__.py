"""Ways to make a model smaller, one in a package: a section, and `export`, which does it."""
