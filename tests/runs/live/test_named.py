"""The retrievers that the environment offers to everyone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.runs.live.choosing import retriever_of
from rag_core.runs.live.config import RetrieverConfig, config_of
from rag_core.runs.live.endpoint import FieldMap
from rag_core.runs.live.named import as_json, named_retrievers, read_named
from rag_core.settings import Settings
from tests.runs.live.search_server import KEY

CONFIG = RetrieverConfig(url="http://a", fields=FieldMap(text="content"), key_env="SEARCH_KEY")


def test_what_the_page_shows_is_what_the_file_takes(tmp_path: Path):
    file = tmp_path / "retrievers.json"
    file.write_text(as_json("Suche für alle", CONFIG), encoding="utf-8")
    (found,) = named_retrievers(file, {"SEARCH_KEY": KEY}).values()
    assert (found.name, found.config) == ("Suche für alle", CONFIG)
    assert found.key is not None and found.key.get_secret_value() == KEY and KEY not in repr(found)


def test_without_a_file_there_are_none():
    assert named_retrievers(None) == {}


@pytest.mark.parametrize(("text", "said"), [("{", "is no JSON"), ("[]", "must hold an object")])
def test_a_file_that_cannot_be_used_says_why(text: str, said: str, tmp_path: Path):
    file = tmp_path / "retrievers.json"
    file.write_text(text)
    with pytest.raises(BadInput, match=said):
        named_retrievers(file, {})
    with pytest.raises(BadInput, match="cannot be read"):
        named_retrievers(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (1, "“A” must be an object"),
        ({"url": "http://a", "fields": {"txt": "a"}}, "“A” cannot be used"),
        ({"url": "http://a", "key_env": "NOT_SET"}, "“A” cannot be used: The environment variable NOT_SET is not set"),
    ],
)
def test_an_entry_that_cannot_be_used_says_why_and_leaves_the_others(entry: object, said: str, tmp_path: Path):
    file = tmp_path / "retrievers.json"
    file.write_text(json.dumps({"A": entry, "B": {"url": "http://b"}}))
    named, problems = read_named(file, {})
    assert list(named) == list(named_retrievers(file, {})) == ["B"] and list(problems) == ["A"]
    assert said in problems["A"] and retriever_of("B", file, {}) == named["B"]
    with pytest.raises(BadInput) as raised:
        retriever_of("A", file, {})
    assert str(raised.value) == problems["A"]
    with pytest.raises(BadInput, match="holds 2 retrievers"):
        retriever_of(str(file), None, {})
    file.write_text(json.dumps({"A": entry}))
    with pytest.raises(BadInput) as raised:
        retriever_of(str(file), None, {})
    assert str(raised.value) == problems["A"]


def test_an_empty_variable_names_no_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECOND_PASS_RETRIEVERS", "")
    assert Settings().retrievers is None
    monkeypatch.setenv("SECOND_PASS_RETRIEVERS", "retrievers.json")
    assert Settings().retrievers == Path("retrievers.json")


def test_a_definition_without_a_key_needs_no_variable():
    assert json.loads(as_json("A", config_of({"url": "http://a"}))) == {"A": {"url": "http://a"}}
