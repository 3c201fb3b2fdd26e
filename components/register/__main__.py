"""Bring the registry in line with what the pipelines have packaged; it is asked at every run."""

import argparse
import sys
from pathlib import Path

from components.base.errors import exit_status
from components.base.imports import importing

with importing():
    from components.register.run import register

parser = argparse.ArgumentParser(prog="python -m components.register", description=__doc__)
parser.add_argument("names", nargs="*", help="pipelines; none for all active ones")
parser.add_argument("--strict", action="store_true", help="status 1 where the gate says no")
args = parser.parse_args()
with exit_status():
    for name, standing in register(Path(), args.names, args.strict):
        sys.stdout.write(f"{name}: {standing.sentence}\n")
