"""The JSON Schema of a pipeline file, for editors that complete and check while one types."""

import json
from pathlib import Path
from typing import Any

from components.base.files import write_text
from components.config.pipeline import Pipeline


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12; a test keeps `docs/pipeline.schema.json` in step."""
    found = Pipeline.model_json_schema(by_alias=True)
    # Where it is left out, the learner of the model says whether that is enough.
    required = [key for key in found["required"] if key != "train"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Millrace pipeline",
        **found,
        "required": required,
    }


def write(path: Path) -> Path:
    """Writes it, and gives the file."""
    write_text(json.dumps(schema(), indent=1) + "\n", path)
    return path
