"""Write the numbers of the trials that stand each by itself, as a JSON list; it may be empty."""

import argparse
import json
import sys
from pathlib import Path

from components.base.errors import exit_status
from components.config.pipeline import load

parser = argparse.ArgumentParser(prog="python -m components.tune.plan", description=__doc__)
parser.add_argument("pipeline", type=Path, help="pipelines/NAME.yaml")
args = parser.parse_args()
with exit_status():
    sys.stdout.write(f"{json.dumps([*load(args.pipeline).tune.numbers])}\n")
