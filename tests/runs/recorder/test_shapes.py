"""Passages are read in the form in which frameworks return them, and each keeps what it has."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rag_core.runs.recorder.containers import listed
from rag_core.runs.recorder.shapes import hit_of, hits_of, says_distance


def langchain(text, **metadata):
    return SimpleNamespace(page_content=text, metadata=metadata, id=None)


def llama(text, score=None):
    node = SimpleNamespace(node_id="n1", get_content=lambda: text, metadata={"file": "a.md"}, ref_doc_id="doc")
    return SimpleNamespace(node=node, score=score)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Thirty days.", {"text": "Thirty days."}),
        (7, {"passage_id": "7"}),
        (("doc-7", 0.5), {"passage_id": "doc-7", "score": 0.5}),
        (("Thirty days.", 0.5), {"text": "Thirty days.", "score": 0.5}),
        (("doc-7", "Thirty days."), {"passage_id": "doc-7", "text": "Thirty days."}),
        (["doc-7", "Thirty days.", 1], {"passage_id": "doc-7", "text": "Thirty days.", "score": 1.0}),
        ({"_id": "e", "_score": 2.5, "_source": {"content": "Thirty"}}, {"passage_id": "e", "text": "Thirty"}),
        ({"index": 2, "relevance_score": 0.9}, {"index": 2, "score": 0.9}),
        ({"index": 2, "document": {"text": "Thirty"}, "score": 0.9}, {"text": "Thirty", "score": 0.9}),
        ({"id": 3, "content": "Thirty", "title": "Refunds"}, {"passage_id": "3", "text": "Thirty", "title": "Refunds"}),
        (langchain("Thirty", source="a.md", page=3), {"text": "Thirty", "source": "a.md"}),
        ((langchain("Thirty"), np.float32(0.5)), {"text": "Thirty", "score": 0.5}),
        (llama("Thirty", 0.25), {"passage_id": "n1", "text": "Thirty", "score": 0.25, "document_id": "doc"}),
        (llama("Thirty"), {"passage_id": "n1", "score": None}),
        (SimpleNamespace(id="q", payload={"text": "Thirty"}, score=0.1), {"passage_id": "q", "text": "Thirty"}),
        (SimpleNamespace(id="h", content="Thirty", meta={}, score=None), {"passage_id": "h", "text": "Thirty"}),
        (SimpleNamespace(index=1, relevance_score=0.2), {"index": 1, "score": 0.2}),
        ({"id": "a", "score": float("nan")}, {"passage_id": "a", "score": None}),
        ({"id": "a", "score": True}, {"score": None}),
        ("bad \ud800 text \x00", {"text": "bad ? text \ufffd"}),
    ],
)
def test_each_shape(given, expected):
    hit = hit_of(given)
    assert {name: hit.get(name) for name in expected} == expected


def test_metadata_keeps_what_is_simple():
    hit = hit_of(langchain("Thirty", page=3, final=True, boxes=[1, 2], score=0.5))
    assert hit["metadata"] == {"page": 3, "final": True, "score": 0.5} and hit["score"] is None


def test_a_place_means_the_passage_of_the_input_and_a_known_id_that_passage():
    wrong: list[str] = []
    before = [{"passage_id": "a", "text": "x"}, {"passage_id": "b"}]
    hits = hits_of([{"index": 1, "score": 2.0}, "a", "free text", {"index": 2}, None], before, {"a", "b"}, wrong)
    assert [hit.get("passage_id") for hit in hits] == ["b", "a", None] and hits[0]["score"] == 2.0
    assert len(wrong) == 2 and wrong[0].startswith("Result 4") and wrong[1].startswith("Result 5")


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("one text", 1),
        ((one for one in "abc"), 3),
        ({"results": [1, 2]}, 2),
        ({"hits": {"hits": [1]}}, 1),
        (SimpleNamespace(results=[1, 2, 3]), 3),
        ({"ids": [["a", "b"]], "documents": [["x", "y"]], "distances": [[0.1, 0.2]], "metadatas": None}, 2),
    ],
)
def test_the_list_is_found_in_an_answer(given, size):
    assert len(listed(given, 10)) == size


def test_chromas_columns_become_passages_with_distances():
    rows = listed({"ids": [["a"]], "documents": [["x"]], "distances": [[0.1]]}, 10)
    assert hit_of(rows[0]) == {"passage_id": "a", "text": "x", "score": 0.1}
    assert says_distance(rows[0]) and not says_distance({"score": 1, "distance": 2})


@pytest.mark.parametrize("given", [None, 3, {"answer": 1}])
def test_what_holds_no_list_is_refused(given):
    with pytest.raises(TypeError):
        listed(given, 10)
