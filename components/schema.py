"""The JSON Schema of a pipeline file, for editors that complete and check while one types."""

import json
from typing import Any

from components.pipeline import Pipeline


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12; a test keeps `pipelines/pipeline.schema.json` in step."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Millrace pipeline",
        **Pipeline.model_json_schema(by_alias=True),
    }


def text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(schema(), indent=1) + "\n"
