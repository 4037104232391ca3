import json

import pytest

from rag_core.corpus.loading.load import load_bytes
from rag_core.corpus.readers.base import Source
from rag_core.corpus.readers.json_records import read_json_head, read_jsonl_head


def test_beir_lines():
    lines = b'{"_id": "d1", "title": "T", "text": "one", "metadata": {"k": [1]}}\n\n'
    lines += b'{"_id": "d2", "title": "", "text": "two"}\n'
    first, second = load_bytes("corpus.jsonl", lines).documents
    assert (first.id, first.title, first.text) == ("corpus.jsonl#d1", "T", "one")
    assert first.metadata == {"k": "1"}
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
        (b'{"a": 1}\n{"a": 2', ".jsonl"),
        (b"[]", "no list of documents"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1, 2]", "not an object"),
        (b"<html><p>x</p></html>", "web page"),
    ]:
        assert words in load_bytes("a.json", data).problems[0].reason


FACTS = {"source": "refunds.md", "updated_at": "2026-01-05", "tenant": "acme", "plan": "Team"}
SHAPES = {
    "LangChain": {"page_content": "Refunds take 14 days.", "metadata": FACTS},
    "LangChain's dump": {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "Document"],
        "kwargs": {"page_content": "Refunds take 14 days.", "metadata": FACTS},
    },
    "Haystack": {"id": "7", "content": "Refunds take 14 days.", "meta": FACTS, "embedding": [0.5] * 384, "score": None},
    "LlamaIndex": {
        "id_": "7",
        "embedding": None,
        "metadata": FACTS,
        "text_resource": {"text": "Refunds take 14 days.", "mimetype": None},
        "excluded_embed_metadata_keys": [],
        "text_template": "{metadata_str}\n\n{content}",
        "class_name": "Document",
    },
    "a search engine's hit": {
        "_index": "kb",
        "_id": "7",
        "_score": 1.5,
        "_source": {"text": "Refunds take 14 days.", **FACTS},
    },
    "flat": {"text": "Refunds take 14 days.", **FACTS},
}
NODE = {"id_": "7", "text": "Refunds take 14 days.", "metadata": FACTS, "relationships": {}, "class_name": "TextNode"}
WHOLE = {
    "a LlamaIndex store": {"docstore/data": {"7": {"__data__": NODE, "__type__": "1"}}, "docstore/metadata": {}},
    "Chroma": {"ids": ["7"], "documents": ["Refunds take 14 days."], "metadatas": [FACTS], "embeddings": None},
    "an API reply": {"status": "ok", "reply": {"articles": [{"body": "Refunds take 14 days.", **FACTS}], "next": 2}},
    "one list": {"generated": "2026", "tickets": [{"text": "Refunds take 14 days.", **FACTS}]},
}


def is_the_refund(loaded):
    (document,) = loaded.documents
    assert (document.text, document.source, document.tenant) == ("Refunds take 14 days.", "refunds.md", "acme")
    assert (str(document.updated_at), document.metadata["plan"]) == ("2026-01-05", "Team")
    assert not loaded.problems
    return document


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_documents_as_other_programs_write_them(shape):
    is_the_refund(load_bytes("a.jsonl", json.dumps(shape).encode()))
    is_the_refund(load_bytes("a.json", json.dumps([shape]).encode()))


@pytest.mark.parametrize("value", WHOLE.values(), ids=WHOLE.keys())
def test_files_as_other_programs_write_them(value):
    is_the_refund(load_bytes("a.json", json.dumps(value).encode()))


def test_what_stands_beside_the_list_of_documents_is_listed():
    loaded = load_bytes("a.json", json.dumps(WHOLE["an API reply"]).encode())
    notes = [(note.where, note.text) for note in loaded.files[0].notes if note.where[:6] != "column"]
    assert notes == [("status", "status: ok"), ("reply.next", "next: 2")]


def test_one_article_with_lists_in_it_is_one_document():
    article = {"title": "T", "text": "A whole article.", "authors": [{"name": "Ann"}, {"name": "Ben"}]}
    (document,) = load_bytes("a.json", json.dumps(article).encode()).documents
    assert (document.title, document.text) == ("T", "A whole article.")


def test_html_in_a_field_is_read_as_a_page():
    body = "<p>Up to 10<sup>6</sup> files &amp; more.</p><script>track()</script><ul><li>cash</li></ul>"
    for name, data in [
        ("a.jsonl", json.dumps({"title": "T", "body": body})),
        ("a.csv", 'title,body\nT,"' + body + '"\n'),
    ]:
        (document,) = load_bytes(name, data.encode()).documents
        assert document.text == "Up to 10^6 files & more.\n\n- cash"
    (document,) = load_bytes("a.jsonl", b'{"text": "if a < b and c > d then e</x>"}').documents
    assert document.text == "if a < b and c > d then e</x>"


def test_what_a_page_in_a_field_hides_is_listed_with_its_row():
    body = "<p>Seen.</p><p style='display:none'>ghost</p><p style='color:white'>perhaps</p><img alt='Ann' src='a.png'>"
    for name, data, word in [
        ("a.jsonl", json.dumps({"body": body}), "line"),
        ("a.csv", f'title,body\nT,"{body}"\n', "row"),
    ]:
        loaded = load_bytes(name, data.encode())
        assert loaded.documents[0].text == "Seen.\n\nperhaps"
        notes = {(note.kind, note.text) for note in loaded.files[0].notes}
        assert {("left out", "ghost"), ("left out", "Ann"), ("in doubt", "perhaps")} <= notes
        assert [note.where for note in loaded.files[0].notes if note.text == "ghost"] == [f"{word} 1: <p>"]


def test_nested_values_are_text_that_can_be_read():
    row = {
        "title": "T",
        "steps": ["Turn it off.", "Wait."],
        "text": [{"q": "Why?", "a": "So."}, {"q": "How?", "a": "Thus."}],
    }
    (document,) = load_bytes("a.jsonl", json.dumps(row).encode()).documents
    assert document.text == "q: Why?\na: So.\nq: How?\na: Thus."
    assert document.metadata == {"steps": "Turn it off., Wait."}


def test_an_object_in_another_shape_for_choosing_columns():
    head = read_jsonl_head(Source("a.jsonl", json.dumps(SHAPES["LangChain"]).encode()))
    assert (head.columns[0], head.rows[0][0], head.encoding) == ("page_content", "Refunds take 14 days.", "UTF-8")
    head = read_json_head(Source("a.json", json.dumps(WHOLE["Chroma"]).encode()))
    assert head.columns[:2] == ["_id", "text"]


def test_a_document_with_a_title_and_no_text_is_found_by_its_title():
    lines = b'{"_id": "d1", "title": "T", "text": "one"}\n{"_id": "d2", "title": "Lamp warranty", "text": ""}\n'
    lines += b'{"_id": "d3", "title": "Chairs", "text": null}\n{"_id": "d4", "title": "", "text": ""}\n'
    loaded = load_bytes("corpus.jsonl", lines)
    assert [(one.title, one.text) for one in loaded.documents] == [
        ("T", "one"),
        ("Lamp warranty", "Lamp warranty"),
        ("Chairs", "Chairs"),
    ]
    assert [problem.name for problem in loaded.problems] == ["corpus.jsonl, line 4"]


ROWS = [{"title": "Refunds", "text": "Paid within 14 days."}, {"title": "Delivery", "text": "To the rear gate."}]
LINES = [json.dumps(row) for row in ROWS]
EXPORTS = {
    "a data frame, column by column": (".json", {name: {"0": ROWS[0][name], "1": ROWS[1][name]} for name in ROWS[0]}),
    "a data frame, names apart": (
        ".json",
        {"columns": ["title", "text"], "index": [0, 1], "data": [list(row.values()) for row in ROWS]},
    ),
    "a header and rows": (".json", [["title", "text"], *(list(row.values()) for row in ROWS)]),
    "by key": (".json", {"a": ROWS[0], "b": ROWS[1]}),
    "typed values": (".json", {"Items": [{name: {"S": value} for name, value in row.items()} for row in ROWS]}),
    "a data set's rows": (".json", {"rows": [{"row_idx": at, "row": row} for at, row in enumerate(ROWS)]}),
    "points of a vector store": (
        ".json",
        {"result": {"points": [{"id": at, "payload": row} for at, row in enumerate(ROWS)]}},
    ),
    "a blog": (".json", [{name: {"rendered": value} for name, value in row.items()} for row in ROWS]),
    "a wiki": (
        ".json",
        [
            {"title": row["title"], "text": {"storage": {"value": row["text"], "representation": "storage"}}}
            for row in ROWS
        ],
    ),
    "edges of a graph": (".json", {"data": {"articles": {"edges": [{"node": row} for row in ROWS]}}}),
    "objects over several lines": (".json", "\n".join(json.dumps(row, indent=2) for row in ROWS)),
    "lines in a .json": (".json", "\n".join(LINES)),
    "objects over several lines in a .jsonl": (".jsonl", "\n".join(json.dumps(row, indent=2) for row in ROWS)),
    "actions between the lines": (
        ".jsonl",
        "\n".join(f'{{"index": {{"_id": "{at}"}}}}\n{line}' for at, line in enumerate(LINES)),
    ),
    "lists below a header": (
        ".jsonl",
        '["title", "text"]\n' + "\n".join(json.dumps(list(row.values())) for row in ROWS),
    ),
}


@pytest.mark.parametrize(("ending", "value"), EXPORTS.values(), ids=EXPORTS.keys())
def test_exports_of_databases_and_data_frames(ending, value):
    data = value if isinstance(value, str) else json.dumps(value)
    loaded = load_bytes(f"a{ending}", data.encode())
    assert [(one.title, one.text) for one in loaded.documents] == [(row["title"], row["text"]) for row in ROWS]
    assert not loaded.problems


def test_texts_alone_are_documents():
    assert [one.text for one in load_bytes("a.json", b'["Refunds take 14 days.", "Ask Ann."]').documents] == [
        "Refunds take 14 days.",
        "Ask Ann.",
    ]
    assert len(load_bytes("a.jsonl", b'"Refunds take 14 days."\n"Ask Ann."').documents) == 2


def test_ids_and_dates_as_a_database_writes_them():
    row = {"_id": {"$oid": "65a"}, "text": "a", "updated_at": {"$date": {"$numberLong": "1767312000000"}}}
    loaded = load_bytes("a.jsonl", json.dumps(row).encode())
    assert (loaded.documents[0].id, str(loaded.documents[0].updated_at)) == ("a.jsonl#65a", "2026-01-02")
    bulk = b'{"delete": {"_id": "9"}}\n{"update": {"_id": "7"}}\n{"doc": {"text": "a"}}\n{"index": "a word"}'
    assert load_bytes("a.jsonl", bulk).documents[0].id == "a.jsonl#7"


def test_an_object_of_objects_that_are_no_documents_is_one():
    value = {"info": {"title": "Orders"}, "paths": {"/orders": {"get": "Lists them"}}}
    assert len(load_bytes("a.json", json.dumps(value).encode()).documents) == 1
