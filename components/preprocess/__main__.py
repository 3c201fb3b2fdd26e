"""Fit the preprocessing layers on the train split and apply them to every split."""

from components.run.command import stage

stage("preprocess", __doc__, "dataset", "verdict", "out")
