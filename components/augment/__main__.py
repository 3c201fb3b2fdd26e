"""Build the augmentation layers, picture what they do, and write varied copies."""

from components.run.command import stage

stage("augment", __doc__, "dataset", "out", "picture")
