"""Sources, one in a package: a section that says what may be set, and `read`, which lists it."""
