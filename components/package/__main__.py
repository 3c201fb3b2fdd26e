"""Put together what is to be registered: the model as MLflow loads it, and what is known of it."""

from components.run.command import stage

PATHS = ("origin", "validation", "trained", "evaluation", "compressed", "report", "picture", "out")

stage("package", __doc__, *PATHS)
