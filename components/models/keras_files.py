"""Keras models on disk, the same bytes for the same model."""

import json
import re
import zipfile
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import keras

from components.base.errors import Stop
from components.base.files import replacing
from components.base.words import reason

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip file can hold

# What a user's ~/.keras/keras.json says would be an input that no stage declares.
keras.config.set_floatx("float32")
keras.config.set_epsilon(1e-7)
keras.config.set_image_data_format("channels_last")


def save(model: keras.Model, path: Path) -> None:
    """Saves a model as a `.keras` file without the date and the addresses that Keras writes.

    With them, a stage that runs again would give other bytes, and everything that depends on
    them would run again too.
    """
    with replacing(path) as beside:
        dated = beside.with_name(f"{beside.name}.keras")
        model.save(dated)
        with zipfile.ZipFile(dated) as source, zipfile.ZipFile(beside, "w") as target:
            for name in sorted(source.namelist()):
                target.writestr(zipfile.ZipInfo(name, EPOCH), _plain(name, source.read(name)))
        dated.unlink()


def know(modules: Iterable[str]) -> None:
    """Makes the layers of modules known to Keras, so that a model file may name them.

    A file by itself makes Keras import nothing (`safe_mode`); what may be imported, the pipeline
    file says.

    Raises:
        Stop: A module cannot be imported.
    """
    for name in modules:
        try:
            module = import_module(name)
        except (Exception, SystemExit) as error:  # whatever its code raises
            raise Stop(f"{name}: cannot be imported: {reason(error)}") from error
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, keras.Layer)
                and value.__module__ == name
            ):
                registered = keras.saving.get_registered_name(value)
                keras.saving.get_custom_objects().setdefault(registered, value)


def load(path: Path) -> Any:
    """Loads a model for inference; code inside of the file is refused (`safe_mode`)."""
    return keras.saving.load_model(path, compile=False, safe_mode=True)


def _plain(name: str, content: bytes) -> bytes:
    if name == "metadata.json":
        return json.dumps({**json.loads(content), "date_saved": ""}).encode()
    return _numbered(content) if name == "config.json" else content


def _numbered(content: bytes) -> bytes:
    """Objects that layers share, such as Keras's own dtype policy, by number, not by address."""
    numbers: dict[bytes, int] = {}

    def number(found: re.Match[bytes]) -> bytes:
        return b"%s%d" % (found[1], numbers.setdefault(found[2], len(numbers)))

    return re.sub(rb'("shared_object_id": )(\d+)', number, content)
