"""Promise 3, of what takes longest: a killed training goes on, to the bytes of one that was not."""

import json
import os
import random
import shlex
import sys

import numpy as np
import yaml

from components.fitting.state import FACTS

KILLS = int(os.environ.get("KILLS", "3"))
PLACES = [(epoch, batch) for epoch in range(1, 11) for batch in range(1, 15)]
PROGRAM = """
import runpy
from components.fitting import state
state.EVERY_S, state.SHARE = 0.0, float("inf")  # it is kept after every step
runpy.run_module("components.train", run_name="__main__", alter_sys=True)
"""


def test_killed_again_and_again_it_ends_with_the_bytes_of_one_that_was_not(line, tmp_path):
    draw = random.Random(line.backend)  # noqa: S311
    theirs = line.clone(tmp_path / "theirs")
    theirs.dvc("repro", "--pull", "augment@digits", "tune@digits")
    stages = yaml.safe_load((theirs.root / "dvc.yaml").read_text())["stages"]
    words = shlex.split(stages["train"]["cmd"].replace("${item.pipeline}", "digits"))
    command = [sys.executable, "-c", PROGRAM, *words[words.index("components.train") + 1 :]]
    places = sorted(draw.sample(PLACES, KILLS))
    found = []

    for place in places:
        theirs.killed(*command, when=lambda place=place: _place(theirs) >= place)
        found.append(_place(theirs))
    output = theirs.dvc("repro", "--single-item", "train@digits")

    assert all(was >= place for was, place in zip(found, places, strict=True))
    assert (
        "digits: goes on where it was stopped, after {} of 12 epochs and {} steps".format(
            *found[-1]
        )
        in output
    )
    assert _trained(theirs) == _trained(line)
    assert not list(_states(theirs).iterdir())


def _states(project):
    return project.root / ".dvc" / "cache" / "millrace" / "states"


def _place(project):
    """The epoch and the batch that are kept."""
    for path in _states(project).glob("*/state.npz"):
        with np.load(path) as file:
            facts = json.loads(file[FACTS].tobytes())
        return facts["epoch"], facts["batch"]
    return 0, 0


def _trained(project):
    """Hashes of what `train` writes."""
    return {
        path: found
        for path, found in project.outputs().items()
        if path.startswith("data/digits/trained") or "/train" in path
    }
