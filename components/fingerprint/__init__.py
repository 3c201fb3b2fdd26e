"""The first stage: what the others depend on, besides data."""
