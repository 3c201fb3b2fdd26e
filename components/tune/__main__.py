"""Search the hyperparameters, where a space is declared."""

from components.command import stage

stage("tune", __doc__, "dataset", "augmented", "out", "trials")
