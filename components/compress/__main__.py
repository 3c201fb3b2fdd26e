"""Export smaller models, each with its size, worth and latency."""

from components.run.command import stage

PATHS = ("dataset", "verdict", "trained", "evaluation", "out", "picture")

stage("compress", __doc__, *PATHS)
