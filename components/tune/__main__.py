"""Search the hyperparameters, where a space is declared."""

from components.run.command import stage

stage("tune", __doc__, "dataset", "augmented", "out", "trials")
