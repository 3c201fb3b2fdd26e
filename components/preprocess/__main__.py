"""Fit the preprocessing layers on the train split and apply them to every split."""

from components.base.workers import one_thread
from components.run.command import stage

one_thread()
stage("preprocess", __doc__, "dataset", "verdict", "out")
