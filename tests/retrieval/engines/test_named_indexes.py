"""The file of indexes that everyone may search: what it may hold, and what is said of what it may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.named_indexes import as_json, read_named

ENTRY = {"kind": "pgvector", "address": "postgresql://reader@db/app", "index": "chunks", "secret_env": "PW"}


def test_without_a_file_there_are_none():
    assert read_named(None) == ({}, {})


def test_each_entry_is_an_index_and_a_wrong_one_leaves_the_others(tmp_path: Path):
    file = tmp_path / "indexes.json"
    wrong = {
        "Typo": {"kinds": "x"},
        "Kind": {**ENTRY, "kind": "none"},
        "Unset": {**ENTRY, "secret_env": "NO"},
        "List": [],
    }
    file.write_text(json.dumps({"Shop": ENTRY, **wrong}))
    found, problems = read_named(file, {"PW": "hunter2"})
    assert list(found) == ["Shop"] and list(problems) == list(wrong)
    assert found["Shop"].secret.get_secret_value() == "hunter2"
    assert found["Shop"].config == IndexConfig(**ENTRY, name="Shop")
    assert "hunter2" not in repr(found) + repr(problems)
    assert "NO is not set" in problems["Unset"] and "There is no type of index 'none'" in problems["Kind"]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"exact": True}, "The index “Shop” cannot be used: Weaviate cannot be searched without its approximate index"),
        ({"sparse_model": "x"}, "Weaviate cannot be told a model of sparse vectors"),
        ({"fusion": "dbsf"}, "Weaviate cannot fuse its searches by dbsf"),
    ],
)
def test_an_entry_that_asks_for_what_its_kind_cannot_do_is_not_offered(
    tmp_path: Path, asked: dict[str, object], why: str
):
    file = tmp_path / "indexes.json"
    file.write_text(json.dumps({"Shop": {"kind": "weaviate", "address": "http://db:8080", "index": "Chunks", **asked}}))
    found, problems = read_named(file, {})
    assert not found and why in problems["Shop"]


@pytest.mark.parametrize(
    ("text", "why"), [("[]", "must hold an object"), ("{", "is no JSON"), (None, "cannot be read")]
)
def test_a_file_that_is_none_is_said_to_be(tmp_path: Path, text: str | None, why: str):
    file = tmp_path / "indexes.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadInput, match=why):
        read_named(file)


def test_what_a_session_connected_is_written_as_an_entry(tmp_path: Path):
    config = IndexConfig(**ENTRY, name="Shop", timeout_s=3)
    file = tmp_path / "indexes.json"
    file.write_text(as_json(config))
    assert read_named(file, {"PW": "x"})[0]["Shop"].config == config
