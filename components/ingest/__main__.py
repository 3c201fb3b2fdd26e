"""Read the raw source, split it and fingerprint it."""

from components.run.command import stage

stage("ingest", __doc__, "source", "out")
