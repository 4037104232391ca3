"""The JSON Schema of the run record, published in docs/run-record.schema.json.

python -m rag_core.runs.json_schema > docs/run-record.schema.json
"""

from __future__ import annotations

import json
import sys

from rag_core.runs.sent import SentRun


def json_schema() -> str:
    """The schema as JSON text, one line per entry."""
    schema = SentRun.model_json_schema(mode="validation")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Second Pass run record"}
    return f"{json.dumps({**schema, **head}, indent=2, sort_keys=True, ensure_ascii=False)}\n"


if __name__ == "__main__":
    sys.stdout.write(json_schema())
