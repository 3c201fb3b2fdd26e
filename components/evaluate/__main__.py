"""Measure the model on the test split."""

from components.run.command import stage

PATHS = ("dataset", "verdict", "trained", "out", "plots", "report")

stage("evaluate", __doc__, *PATHS)
