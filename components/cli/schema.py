"""The JSON Schema of a pipeline file, for editors that complete and check while one types."""

import json
from pathlib import Path
from typing import Any

from components.base.files import write_text
from components.config.pipeline import Pipeline


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12; a test keeps `pipelines/pipeline.schema.json` in step."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Millrace pipeline",
        **Pipeline.model_json_schema(by_alias=True),
    }


def write(path: Path) -> Path:
    """Writes it, and gives the file."""
    write_text(json.dumps(schema(), indent=1) + "\n", path)
    return path
