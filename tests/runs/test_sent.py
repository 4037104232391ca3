"""A run that is sent with little in it becomes a whole one; a whole one is read back without loss."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.errors import UnreadableRecord
from rag_core.runs.json_schema import json_schema
from rag_core.runs.passage_book import content_key
from rag_core.runs.run import Run
from rag_core.runs.sent import read_run, run_from
from rag_core.runs.values import Evidence, Space, StepKind

DOCS = Path(__file__).parents[2] / "docs"
HEAD = {"project": "bot", "query": "Refund?"}


def one_step(hits, **more):
    run = run_from(HEAD | {"steps": [{"name": "dense", "kind": "search", "hits": hits, **more}]})
    return run, run.step("dense")


def codes(step):
    return [note.code for note in step.warnings]


def test_the_published_schema_is_that_of_the_code():
    assert (DOCS / "run-record.schema.json").read_text(encoding="utf-8") == json_schema(), (
        "run: python -m rag_core.runs.json_schema > docs/run-record.schema.json"
    )


def test_the_example_of_the_documentation_is_a_run_of_ten_lines():
    text = (DOCS / "connect.md").read_text(encoding="utf-8").partition("## The run record")[2]
    example = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert example and len(example[1].splitlines()) <= 10
    run = read_run(example[1])
    assert [step.kind for step in run.steps] == [StepKind.SEARCH, StepKind.RERANK, StepKind.SELECT]
    assert run.passage("doc-7").text == "Refunds take 30 days." and run.step("reranked").better == "higher"
    assert run.took_ms == 12


def test_ids_come_from_texts_and_ranks_from_the_order():
    run, step = one_step([{"text": "one"}, {"text": "two", "score": 0.5}])
    assert [(hit.passage_id, hit.rank, hit.score) for hit in step.hits] == [
        (content_key("one"), 1, None),
        (content_key("two"), 2, 0.5),
    ]
    assert step.space is Space.UNKNOWN and step.better is None and step.timing is None and run.took_ms is None


def test_a_text_without_an_id_is_the_passage_that_has_it_elsewhere():
    steps = [
        {"name": "a", "kind": "search", "hits": [{"text": "thirty days"}]},
        {"name": "b", "kind": "search", "hits": [{"passage_id": "doc-1", "text": "thirty days"}]},
    ]
    run = run_from(HEAD | {"steps": steps})
    assert [step.hits[0].passage_id for step in run.steps] == ["doc-1", "doc-1"] and len(run.passages) == 1


def test_a_documents_id_at_each_of_its_passages_keeps_them_apart():
    run, step = one_step([{"passage_id": "doc", "text": "one part"}, {"passage_id": "doc", "text": "another part"}])
    assert len({hit.passage_id for hit in step.hits}) == 2
    assert run.passage(step.hits[1].passage_id).document_id == "doc"


def test_a_text_cut_short_by_a_step_is_the_same_passage():
    cut, whole = ([{"passage_id": "doc", "text": text}] for text in ("thirty d...", "thirty days"))
    steps = [{"name": "a", "kind": "search", "hits": cut}, {"name": "b", "kind": "rerank", "hits": whole}]
    again = run_from(HEAD | {"steps": steps})
    assert [one.text for one in again.passages] == ["thirty days"]


def test_a_passage_twice_and_repeated_ranks_are_put_right_and_said():
    _, step = one_step([{"text": "a"}, {"text": "b"}, {"text": "a"}])
    assert [hit.rank for hit in step.hits] == [1, 2] and codes(step) == ["passage-twice"]
    _, step = one_step([{"text": "a", "rank": 2}, {"text": "b", "rank": 1}, {"text": "c", "rank": 1}])
    assert [hit.passage_id for hit in step.hits] == [content_key(one) for one in "bca"]
    assert codes(step) == ["ranks-repeat"]


def test_steps_of_one_name_get_numbers_and_inputs_mean_the_latest():
    steps = [{"name": "dense", "kind": "search"}] * 2 + [{"name": "f", "kind": "fusion", "inputs": ["dense"]}]
    run = run_from(HEAD | {"steps": steps})
    assert [step.name for step in run.steps] == ["dense", "dense (2)", "f"]
    assert run.step("f").inputs == ("dense (2)",)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"query": 3}, "“query” should be text"),
        ({"started_at": "2026-11-28T09:30:00"}, "“started_at” should be a date and time with its zone"),
        ({"steps": [{"name": "a", "kind": "look"}]}, "“steps › 1 › kind” should be"),
        ({"steps": [{"name": "a", "kind": "search", "hits": [{}]}]}, "“steps › 1 › hits › 1”: give a passage_id"),
        ({"steps": [{"name": "a", "kind": "rerank", "inputs": ["b"]}]}, "a reads b, which is no earlier step"),
        ({"steps": [{"name": "a", "kind": "search", "space": "distance", "direction": "higher"}]}, "lower scores"),
        ({"steps": [{"name": "a", "kind": "search", "hits": [{"text": "x", "score": "high"}]}]}, "› score” should be"),
        *[
            ({"started_at": moment}, "“started_at” must be a time from 1900 to 2199, in UTC")
            for moment in (
                "0001-01-01T00:00:00+05:00",
                "9999-12-31T23:59:59-05:00",
                "0001-01-01T00:00:00Z",
                "2199-12-31T23:59:59-05:00",
            )
        ],
        *[
            ({"steps": [{"name": "a", "kind": "search", "timing": {"took_ms": 1} | timing}]}, said)
            for timing, said in (
                ({"took_ms": 1e308}, "took_ms” should be 1e+13 or less"),
                ({"started_ms": 1e308}, "started_ms” should be 1e+13 or less"),
                ({"started_ms": -1e308}, "started_ms” should be -1e+13 or more"),
            )
        ],
        ({"surprise": 1}, "“surprise” is not a field"),
        ({"id": "no spaces"}, "“id”"),
        ({"version": 2}, "newer version"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(fields, said):
    with pytest.raises(UnreadableRecord) as caught:
        run_from(HEAD | fields)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"project": "bot"}'])
def test_what_is_no_run_is_refused_in_words(text):
    with pytest.raises(UnreadableRecord, match="This is not a run"):
        read_run(text)


texts = st.text("ab. …é\n", min_size=1, max_size=8)
hits = st.fixed_dictionaries(
    {"text": texts},
    optional={
        "passage_id": st.sampled_from(["a", "b", "c"]),
        "rank": st.integers(1, 5),
        "score": st.floats(-5, 5) | st.none(),
    },
)
steps = st.fixed_dictionaries(
    {"name": st.sampled_from(["x", "y"]), "kind": st.sampled_from([one.value for one in StepKind])},
    optional={
        "hits": st.lists(hits, max_size=6),
        "space": st.sampled_from([one.value for one in Space]),
        "evidence": st.sampled_from([one.value for one in Evidence]),
        "timing": st.fixed_dictionaries({"took_ms": st.floats(0, 100)}),
    },
)


@given(st.lists(steps, max_size=4))
def test_whatever_was_sent_is_read_back_without_loss(sent):
    run = run_from(HEAD | {"steps": sent})
    assert read_run(run.to_json()) == run
    assert Run.model_validate_json(run.to_json()) == run
    assert all(len(one.get("hits", [])) >= len(step.hits) for one, step in zip(sent, run.steps, strict=True))


def test_a_record_of_the_first_version_stays_readable():
    golden = Path(__file__).parents[1] / "golden" / "run-1.json"
    run = read_run(golden.read_bytes())
    assert json.loads(golden.read_text(encoding="utf-8")) == json.loads(run.to_json())
