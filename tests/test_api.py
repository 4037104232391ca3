"""The calls of the package's top level, as a notebook makes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rag_core
from rag_core.errors import BadInput
from rag_core.schema.documents import Document
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName

TEXTS = ["We ship worldwide.", "Refunds take <b>30 days</b> on annual plans.", "The office is closed on Sunday."]


@pytest.fixture(scope="module")
def trace() -> rag_core.Trace:
    return rag_core.Pipeline(rag_core.index(texts=TEXTS)).run("How long do refunds take?", top_k=2)


def test_texts_become_a_collection_in_memory_with_their_places_as_ids(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    collection = rag_core.index(texts=[TEXTS[0], Document(id="mine", text=TEXTS[1])])
    assert [document.id for document in collection.documents()] == ["0", "mine"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_may_be_a_string_and_what_cannot_be_read_is_named(tmp_path):
    (tmp_path / "refunds.md").write_text("# Refunds\n\nThirty days.")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    with pytest.warns(UserWarning, match="Left out: broken.pdf"):
        collection = rag_core.index(str(tmp_path))
    assert [document.title for document in collection.documents()] == ["Refunds"]


def test_a_saved_collection_is_one_that_the_app_can_open(tmp_path):
    from rag_core.corpus.storage.library import Library
    from rag_core.retrieval.embedders.sentence_embedder import get_embedder

    rag_core.index(texts=TEXTS, name="Mine", save=tmp_path / "collections")
    again = Library(tmp_path / "collections").open("Mine", get_embedder())
    assert len(again.passages) == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "either a folder or `texts`"),
        ({"source": "nowhere"}, "There is no folder nowhere"),
        ({"texts": "one text"}, "Give a list of texts"),
        ({"texts": []}, "no documents to index"),
    ],
)
def test_what_cannot_be_indexed_is_refused_in_words(given, said):
    with pytest.raises(BadInput, match=said):
        rag_core.index(**given)


def test_kept_passages_carry_text_and_ranks(trace):
    best = trace.kept[0]
    assert best.text == TEXTS[1] and best.outcome == "kept" and best.space is ScoreSpace.PROBABILITY
    assert best.ranks == {step.name: step.by_passage["1::0"].rank for step in trace.steps}
    assert [one.id for one in trace.candidates][: len(trace.kept)] == [one.id for one in trace.kept]
    assert list(trace.frame()["passage_id"]) == [hit.passage_id for hit in trace[StepName.FUSED].hits]


def test_the_answer_quotes_a_kept_passage_unless_one_was_recorded(trace):
    assert TEXTS[1] in trace.answer().text
    recorded = trace.answer().model_copy(update={"text": "Said before."})
    assert trace.model_copy(update={"recorded_answer": recorded}).answer().text == "Said before."


def test_a_trace_shows_itself_in_three_lines_and_as_html_with_its_text_escaped(trace):
    lines = repr(trace).splitlines()
    assert len(lines) == 3 and "How long do refunds take?" in lines[0] and lines[2].endswith(f"kept {len(trace.kept)}")
    shown = trace._repr_html_()
    assert "&lt;b&gt;30 days&lt;/b&gt;" in shown and "<b>30 days" not in shown


def test_policy_fields_are_checked_where_they_are_given():
    pipeline = rag_core.Pipeline(rag_core.index(texts=TEXTS))
    with pytest.raises(BadInput, match="top_q"):
        pipeline.run("How long?", top_q=3)


@pytest.mark.parametrize("model", ["late-interaction", "second-pass-minilm-v3"])
def test_reranked_texts_come_best_first_with_their_places(model):
    found = rag_core.rerank("How long do refunds take?", TEXTS, model=model)
    assert found[0].index == 1 and found[0].text == TEXTS[1]
    assert [one.rank for one in found] == [1, 2, 3]
    assert sorted((one.score for one in found), reverse=True) == [one.score for one in found]
    assert {one.space for one in found} <= {ScoreSpace.MAXSIM, ScoreSpace.PROBABILITY}


def test_policies_are_evaluated_side_by_side(tmp_path: Path):
    rows = [{"_id": str(at), "title": "", "text": text} for at, text in enumerate(TEXTS)]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    asked = [{"_id": "q1", "text": "How long do refunds take?"}, {"_id": "q2", "text": "Where do you ship?"}]
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)))
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\t1\t1\nq2\t0\t1\n")
    policies = [rag_core.Policy(), rag_core.Policy(reranker="none")]
    found = rag_core.evaluate(str(tmp_path), policies=policies)
    frame = found.frame(["nDCG@10"])
    assert list(frame["policy"]) == ["default", "reranker=none"]
    assert list(frame["nDCG@10"]) == [report.mean(report.after, "nDCG@10") for report in found.reports]
    assert frame["nDCG@10 against the first"][0] == 0
