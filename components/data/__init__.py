"""Datasets: on disk, as images, as arrays."""
