"""Check params.yaml and every active pipeline; write what each stage depends on besides data."""

import argparse
from pathlib import Path

from components.base.errors import exit_status
from components.fingerprint.run import write

parser = argparse.ArgumentParser(prog="python -m components.fingerprint", description=__doc__)
parser.add_argument("names", nargs="*", help="pipelines; none for all active ones")
parser.add_argument("--params", type=Path, required=True, help="params.yaml")
parser.add_argument("--out", type=Path, required=True, help="a folder")
args = parser.parse_args()
with exit_status():
    write(args.params, args.out, args.names)
