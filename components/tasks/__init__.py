"""What differs between classification and other tasks: one task in a package."""
