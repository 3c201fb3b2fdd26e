"""Everything that a cluster consists of, on this machine alone: `make cluster`."""
