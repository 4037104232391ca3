import json

from rag_core.corpus.loading.load import load_bytes


def test_beir_lines():
    lines = b'{"_id": "d1", "title": "T", "text": "one", "metadata": {"k": [1]}}\n\n'
    lines += b'{"_id": "d2", "title": "", "text": "two"}\n'
    first, second = load_bytes("corpus.jsonl", lines).documents
    assert (first.id, first.title, first.text) == ("corpus.jsonl#d1", "T", "one")
    assert first.metadata == {"metadata": '{"k": [1]}'}
    assert (second.id, second.title, second.metadata) == ("corpus.jsonl#d2", "d2", {})


def test_a_bad_line_is_named_by_its_number_and_the_others_load():
    loaded = load_bytes("a.jsonl", b'{"text": "one"}\n{"text": \n[1]\n{"text": "four"}\n')
    assert [document.id for document in loaded.documents] == ["a.jsonl#1", "a.jsonl#4"]
    assert [problem.name for problem in loaded.problems] == ["a.jsonl, line 2", "a.jsonl, line 3"]


def test_lists_and_single_objects():
    items = [{"id": "a", "text": "one", "n": 3}, {"id": "b", "text": "two"}]
    for value in (items, {"documents": items}):
        first, second = load_bytes("a.json", json.dumps(value).encode()).documents
        assert (first.id, first.metadata, second.id) == ("a.json#a", {"n": 3}, "a.json#b")
    (only,) = load_bytes("a.json", b'{"title": "T", "body": "text"}').documents
    assert (only.id, only.title, only.text) == ("a.json#1", "T", "text")


def test_broken_characters_do_not_get_in():
    (document,) = load_bytes(
        "a.jsonl", b'{"id": "a\\ud800\\n1", "text": "x\\ud800\\u0000y", "k\\ud800": "\\udfff"}'
    ).documents
    assert (document.id, document.text, document.metadata) == ("a.jsonl#a 1", "xy", {})
    document.model_dump_json()


def test_refusals():
    for data, words in [
        (b"{", "not valid JSON"),
        (b'{"a": 1}\n{"a": 2}', ".jsonl"),
        (b"[]", "no list of documents"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1, 2]", "not an object"),
        (b"<html><p>x</p></html>", "web page"),
    ]:
        assert words in load_bytes("a.json", data).problems[0].reason
