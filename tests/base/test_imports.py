"""What a stage imports, and what it does not."""

import gc
import json
import os
import subprocess
import sys

import pytest

from components.base.imports import importing
from components.run.names import USES

LEAN = """\
import json, sys
from components.base.imports import import_keras, importing

with importing():
    import_keras()
there = sorted({"jax", "matplotlib", "sklearn", "tensorflow"} & sys.modules.keys())
import keras, matplotlib, sklearn, jax

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
print(json.dumps([there, list(model(keras.ops.ones((3, 2))).shape), sklearn.__name__]))
"""
STAGE = """\
import json, sys
from importlib import import_module

import_module("components.{}.run")
print(json.dumps("keras" in sys.modules))
"""


def said(script, backend="tensorflow"):
    variables = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("backend", "there"), [("tensorflow", ["tensorflow"]), ("jax", ["jax"])]
)  # fmt: skip
def test_keras_comes_without_what_no_stage_uses_of_it(backend, there):
    assert said(LEAN, backend) == [there, [3, 1], "sklearn"]


@pytest.mark.parametrize("stage", USES)
def test_the_stages_that_import_keras_are_those_that_are_said_to(stage):
    assert said(STAGE.format(stage)) == USES[stage].keras


def test_the_collector_works_again_when_all_is_imported():
    before = gc.get_freeze_count()
    try:
        with importing():
            assert not gc.isenabled()
        assert gc.isenabled()
        assert gc.get_freeze_count() > before
        with pytest.raises(ValueError, match="x"), importing():
            raise ValueError("x")
        assert gc.isenabled()
    finally:
        gc.unfreeze()
