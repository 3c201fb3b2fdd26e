"""Train the model, keep its best checkpoint and write its learning curves."""

from components.run.command import stage

stage("train", __doc__, "dataset", "augmented", "hyperparameters", "out", "curves")
