"""How LlamaIndex keeps a node in any store: as JSON in one field, with the text or beside it.

    {"text": ..., "metadata": {...}, "excluded_embed_metadata_keys": [...], "metadata_template": ..., ...}

Its embedding models read the metadata before the text, so that a vector is not one of the text alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

NODE = "_node_content"
OWN = (NODE, "_node_type")
"""Fields that only LlamaIndex reads."""

TEXT_PLACES = ("text", "text_resource.text")
"""Where a node has its text: a field, or inside one since version 0.12's new nodes."""


def node_of(value: object) -> Mapping[str, Any]:
    """The node that a field holds; empty where it holds none.

    >>> node_of('{"text": "one"}'), node_of("no node"), node_of(7)
    ({'text': 'one'}, {}, {})
    """
    if not isinstance(value, str) or not value.startswith("{"):
        return {}
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def embedded_text(node: Mapping[str, Any], text: str) -> str:
    """What LlamaIndex gave to the embedding model for this text: the node's templates, filled; the text without them.

    >>> embedded_text({"metadata": {"file": "a.md", "size": 7}, "excluded_embed_metadata_keys": ["size"]}, "One.")
    'file: a.md\\n\\nOne.'
    """
    given, left_out = node.get("metadata"), node.get("excluded_embed_metadata_keys") or []
    if not given or not isinstance(given, dict) or not isinstance(left_out, list):
        return text
    metadata = {key: value for key, value in given.items() if key not in left_out}
    if not metadata:
        return text
    line = str(node.get("metadata_template") or "{key}: {value}")
    between = str(node.get("metadata_separator") or node.get("metadata_seperator") or "\n")
    whole = str(node.get("text_template") or "{metadata_str}\n\n{content}")
    lines = between.join(line.replace("{key}", key).replace("{value}", str(value)) for key, value in metadata.items())
    return whole.replace("{metadata_str}", lines).replace("{content}", text).strip()
