"""Nodes of LlamaIndex that others wrote: what is none of its shape leaves the text as it is."""

from __future__ import annotations

from typing import Any

import pytest

from rag_core.retrieval.engines.llama_index_nodes import embedded_text, node_of


@pytest.mark.parametrize(
    "node",
    [
        {},
        {"metadata": ["a"]},
        {"metadata": "a"},
        {"metadata": {}},
        {"metadata": {"a": 1}, "excluded_embed_metadata_keys": 3},
        {"metadata": {"a": 1}, "excluded_embed_metadata_keys": ["a"]},
    ],
)
def test_a_node_without_readable_metadata_is_its_text(node: dict[str, Any]) -> None:
    assert embedded_text(node, "One.") == "One."


@pytest.mark.parametrize("value", ['{"a": ' * 100_000, "{", "[]", "", None, 7, '{"a": NaN'])
def test_what_is_no_node_is_empty(value: object) -> None:
    assert node_of(value) == {}
