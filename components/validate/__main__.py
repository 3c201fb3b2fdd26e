"""Check a dataset; exit 1, saying why, where it must not be trained on."""

from components.run.command import stage

stage("validate", __doc__, "dataset", "accepted", "verdict", "out", "picture", "report")
