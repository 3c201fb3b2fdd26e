"""The other Keras backend, which needs a process of its own."""

import os
import subprocess
import sys

from project import ROOT

START = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
import keras
assert keras.backend.backend() == "jax"
"""


def on_jax(program: str) -> str:
    """Runs a program that can import the tests; what it writes, where it does not fail."""
    command = [sys.executable, "-c", START + program]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()
