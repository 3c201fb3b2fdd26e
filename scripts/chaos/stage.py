"""A stage of the graph that harm is done to: `python stage.py OUT INPUT...`.

Its bytes follow from its inputs and the round alone. It writes them in two halves with a pause
between, so that there is a half of an output to be found.
"""

import hashlib
import sys
import time
from pathlib import Path

import yaml


def main(out: Path, *inputs: str) -> None:
    """Writes a chain of hashes of all that it has read."""
    params = yaml.safe_load(Path("params.yaml").read_text())
    digest = f"{params['round']} {out}".encode()
    for name in inputs:
        digest += Path(name).read_bytes()
    halves = []
    for _ in range(2000):
        digest = hashlib.sha256(digest).digest()
        halves.append(digest.hex() + "\n")
    with out.open("w") as file:
        file.writelines(halves[:1000])
        file.flush()
        time.sleep(params["seconds"])
        file.writelines(halves[1000:])


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
