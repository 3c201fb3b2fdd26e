"""Seconds of docs/start.md, command by command, for a folder of photos.

As a new user has it: a clone of this checkout's last commit, an environment that is installed anew
(pip may have files in its cache), the photos, the pipeline as it is.

Usage: `first_minutes.py [FOLDER]`, which has a folder of photos for each class; left out, 400
photos of 640x480 in four classes are made up.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT
from photos import write

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


COUNT, WIDTH, HEIGHT = 400, 640, 480


def main(given: str | None = None) -> None:
    """Runs the page in one shell, which says the time after each of its commands."""
    commands = BLOCK.findall((ROOT / "docs" / "start.md").read_text())[0].splitlines()
    timed = [f"{command}\necho 'ended {place}'" for place, command in enumerate(commands)]
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(given).resolve() if given else Path(folder, "photos")
        if given is None:
            write(photos, COUNT, WIDTH, HEIGHT)
        variables = {"REPOSITORY": str(ROOT), "PHOTOS": str(photos)}
        begun, seconds = time.monotonic(), []
        with subprocess.Popen(
            ["sh", "-ec", "\n".join(timed)],
            cwd=folder,
            env={**os.environ, **variables, "PYTHONPATH": ""},
            stdout=subprocess.PIPE,
            text=True,
        ) as shell:
            for line in shell.stdout or ():
                if re.fullmatch(r"ended \d+\n", line):
                    seconds.append(time.monotonic() - begun - sum(seconds))
                else:
                    sys.stdout.write(line)
        if shell.returncode:
            sys.exit(shell.returncode)
    total = sum(seconds)
    for command, took in zip(commands, seconds, strict=True):
        print(f"{command:60} {took:6.1f} s   ratio {took / total:.2f}")
    print(f"{len(commands)} commands, {total:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
