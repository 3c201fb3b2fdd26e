"""End the MLflow runs of a pipeline, NAME, whose processes are dead."""

import sys

from components.base.errors import exit_status
from components.run import tracking

if __name__ == "__main__":
    with exit_status():
        tracking.connect(sys.argv[1])
