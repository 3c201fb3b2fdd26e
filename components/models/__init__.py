"""Architectures by name, one family in a package."""
