"""Run one trial of a search, and keep what came of it; nothing where that is known."""

from components.run.command import stage

NUMBER = "of the trial, one of those that components.tune.plan says"
stage("tune", __doc__, "dataset", "augmented", part="trial", number=NUMBER)
