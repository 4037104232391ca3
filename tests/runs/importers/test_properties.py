"""What a producer knew is in the runs, in whatever order and whoever wrote it; a part that is damaged costs itself."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag_core.errors import BadInput
from rag_core.runs.importers.registry import open_source
from rag_core.runs.importers.source import Source
from rag_core.runs.importers.uploads import Corrections, look_at, open_uploads
from rag_core.runs.sent import read_run
from rag_core.runs.values import StepKind

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=20)
SCORE = st.floats(-1e6, 1e6, allow_nan=False, width=32).map(lambda one: 0.0 if one == 0 else one)
PASSAGES = st.lists(st.tuples(TEXT, TEXT, SCORE), min_size=1, max_size=5, unique_by=lambda one: one[0])
ASKED = st.lists(st.tuples(TEXT, PASSAGES, st.randoms(use_true_random=False)), min_size=1, max_size=4)
"""Queries, each with its passages (id, text, score), the best first, and how a reranker orders them."""

Query = tuple[str, list[tuple[str, str, float]], random.Random]
PROPERTY = settings(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def lists_of(asked: list[Query]) -> list[tuple[str, list[tuple[str, str, float]], list[tuple[str, str, float]]]]:
    """Query, what was found, and what a reranker made of it. Each query and each id is its own."""
    made = []
    for number, (query, passages, order) in enumerate(asked):
        ranked = sorted(passages, key=lambda one: -one[2])
        found = [(f"{at}-{key}", f"{at} {text}", score) for at, (key, text, score) in enumerate(ranked)]
        again = list(found)
        order.shuffle(again)
        made.append((f"{number} {query}", found, [(key, text, 9.0 - at) for at, (key, text, _) in enumerate(again)]))
    return made


def spans(number: int, query: str, found: list, again: list) -> list[dict[str, Any]]:
    """A chain, a search and a reranker, as plain rows."""
    trace, second = f"{number + 1:032x}", 1_795_858_200 + 60 * number
    documents = [[{"document.id": key, "document.content": text, "document.score": score} for key, text, score in one]
                 for one in (found, again)]  # fmt: skip
    kinds = (("CHAIN", "", []), ("RETRIEVER", "retrieval.documents", documents[0]),
             ("RERANKER", "reranker.output_documents", documents[1]))  # fmt: skip
    return [
        {"trace": trace, "span": f"{number + 1:08x}{at:08x}", "parent": f"{number + 1:08x}{0:08x}" if at else "",
         "kind": kind, "began": second + at, "ended": second + at + 0.5, "input": query, "lists": {name: rows}}
        for at, (kind, name, rows) in enumerate(kinds)
    ]  # fmt: skip


def otlp(rows: list[dict[str, Any]]) -> list[Any]:
    """A request for each span."""
    made = []
    for row in rows:
        flat = {"openinference.span.kind": row["kind"], "input.value": row["input"]}
        for prefix, documents in row["lists"].items():
            flat |= {f"{prefix}.{at}.{name}": one for at, each in enumerate(documents) for name, one in each.items()}
        values = [{"key": name, "value": {"doubleValue" if isinstance(one, float) else "stringValue": one}}
                  for name, one in flat.items()]  # fmt: skip
        span = {"traceId": row["trace"], "spanId": row["span"], "parentSpanId": row["parent"], "name": row["kind"],
                "startTimeUnixNano": f"{row['began']}000000000", "endTimeUnixNano": str(int(row["ended"] * 1e9)),
                "attributes": values}  # fmt: skip
        made.append({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    return made


def phoenix(rows: list[dict[str, Any]]) -> list[Any]:
    """Rows of a frame."""
    return [
        {"context.trace_id": row["trace"], "context.span_id": row["span"], "parent_id": row["parent"] or None,
         "name": row["kind"], "span_kind": row["kind"], "start_time": row["began"] * 1000,
         "end_time": int(row["ended"] * 1000), "attributes.input.value": row["input"],
         **{f"attributes.{name}": documents for name, documents in row["lists"].items() if name}}
        for row in rows
    ]  # fmt: skip


def langfuse(rows: list[dict[str, Any]]) -> list[Any]:
    """Observations."""
    made = []
    for row in rows:
        (documents,) = row["lists"].values()
        out = [{"id": one["document.id"], "text": one["document.content"], "score": one["document.score"]}
               for one in documents]  # fmt: skip
        given = {"query": row["input"]}
        if row["kind"] == "RERANKER":
            given["documents"] = sorted(({k: v for k, v in one.items() if k != "score"} for one in out),
                                        key=lambda one: one["id"])  # fmt: skip
        made.append({"id": row["span"], "traceId": row["trace"], "parentObservationId": row["parent"] or None,
                     "type": {"RERANKER": "SPAN"}.get(row["kind"], row["kind"]), "name": row["kind"],
                     "startTime": row["began"] * 1000, "endTime": int(row["ended"] * 1000), "input": given,
                     "output": out or "x"})  # fmt: skip
    return made


PRODUCERS = {"otlp": otlp, "phoenix": phoenix, "langfuse": langfuse}


def as_lines(values: list[Any]) -> bytes:
    return "\n".join(json.dumps(one) for one in values).encode()


def check(runs, made) -> None:
    """The runs are the queries, with every passage, text and score in its order."""
    by_query = {run.query: run for run in runs}
    assert by_query.keys() == {query for query, _, _ in made} and len(runs) == len(made)
    for query, found, again in made:
        run = by_query[query]
        for kind, wanted in ((StepKind.SEARCH, found), (StepKind.RERANK, again)):
            (step,) = run.of_kind(kind)
            assert [(hit.passage_id, run.passage(hit.passage_id).text, hit.score) for hit in step.hits] == wanted
        assert run.of_kind(StepKind.RERANK)[0].inputs == (run.of_kind(StepKind.SEARCH)[0].name,)
        assert read_run(run.to_json()) == run


@pytest.mark.parametrize("format", PRODUCERS)
@PROPERTY
@given(asked=ASKED, order=st.randoms(use_true_random=False))
def test_spans_in_any_order_make_the_same_runs_without_loss(format, asked, order):  # noqa: A002
    made = lists_of(asked)
    rows = [row for number, one in enumerate(made) for row in spans(number, *one)]
    values = PRODUCERS[format](rows)
    first = open_source(Source("f.jsonl", as_lines(values)))
    assert (first.format, first.problems) == (format, ())
    check(first.runs, made)
    order.shuffle(values)
    again = open_source(Source("f.json", json.dumps(values).encode()))
    assert sorted(again.runs, key=lambda run: run.id) == sorted(first.runs, key=lambda run: run.id)


@PROPERTY
@given(asked=ASKED)
def test_records_come_back_as_they_were(asked):
    rows = [row for number, one in enumerate(lists_of(asked)) for row in spans(number, *one)]
    runs = open_source(Source("f.jsonl", as_lines(otlp(rows)))).runs
    text = "\n".join(run.to_json() for run in runs)
    assert open_source(Source("r.jsonl", text.encode())).runs == runs


@PROPERTY
@given(asked=ASKED, order=st.randoms(use_true_random=False))
def test_rows_of_a_table_in_any_order_make_the_same_runs_without_loss(asked, order):
    made = lists_of(asked)
    rows = [
        {"query": query, "list": name, "id": key, "text": text, "score": score, "rank": rank}
        for query, found, again in made
        for name, ranked in (("dense", found), ("reranked", again))
        for rank, (key, text, score) in enumerate(ranked, start=1)
    ]
    order.shuffle(rows)
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    for name, data in (("t.csv", written.getvalue().encode()), ("t.json", json.dumps(rows).encode())):
        opened = open_source(Source(name, data))
        assert (opened.format, opened.problems) == ("table", ())
        check(opened.runs, made)


@PROPERTY
@given(asked=ASKED, order=st.randoms(use_true_random=False))
def test_lines_of_trec_runs_in_any_order_make_the_same_runs_without_loss(asked, order):
    made = lists_of(asked)
    scored = [
        (query, [(key, text, 9.0 - at) for at, (key, text, _) in enumerate(found)], again)
        for query, found, again in made
    ]
    queries = as_lines([{"_id": f"q{at}", "text": query} for at, (query, _, _) in enumerate(scored)])
    corpus = {f"q{at}{key}": text for at, (_, found, _) in enumerate(scored) for key, text, _ in found}
    sources = [Source("queries.jsonl", queries)]
    sources.append(Source("corpus.jsonl", as_lines([{"_id": key, "text": text} for key, text in corpus.items()])))
    for name, which in (("dense", 1), ("rerank", 2)):
        lines = [
            f"q{at} Q0 q{at}{key} 1 {score!r} tag" for at, one in enumerate(scored) for key, _, score in one[which]
        ]
        order.shuffle(lines)
        sources.append(Source(f"{name}.run", "\n".join(lines).encode()))
    opened = open_uploads(sources, look_at(sources).format, Corrections())
    assert opened.problems == ()
    named = [(query, [(f"q{at}{key}", text, score) for key, text, score in found],
              [(f"q{at}{key}", text, score) for key, text, score in again])
             for at, (query, found, again) in enumerate(scored)]  # fmt: skip
    check(opened.runs, named)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["\ud800", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Where something stands in a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(one for name, each in inner for one in places(each, (*path, name)))]


def replaced(value: Any, path: tuple, by: Any) -> Any:
    if not path:
        return by
    made = dict(value) if isinstance(value, dict) else list(value)
    made[path[0]] = replaced(value[path[0]], path[1:], by)
    return made


TRACE_OF_LANGFUSE = {"id": "t-1", "input": "Q?", "output": "A.", "timestamp": "2026-11-28T09:30:00Z",
                     "scores": [{"name": "thumbs", "value": 1, "comment": "ok"}],
                     "observations": langfuse(spans(7, "Q?", [("a", "x", 1.0)], [("a", "x", 2.0)]))}  # fmt: skip


@pytest.mark.parametrize("format", [*PRODUCERS, "records", "table", "langfuse traces"])
@settings(PROPERTY, max_examples=150)
@given(odd=ODD, data=st.data())
def test_whatever_stands_in_the_place_of_a_part_harms_nothing_else(format, odd, data):  # noqa: A002
    rows = [spans(number, f"{number}?", [("a", "x", 1.0), ("b", "y", 0.5)], [("b", "y", 3.0)]) for number in range(2)]
    if format in PRODUCERS:
        values, chosen = PRODUCERS[format]([*rows[0], *rows[1]]), format
    elif format == "records":
        runs = open_source(Source("f.jsonl", as_lines(otlp([*rows[0], *rows[1]])))).runs
        values, chosen = [json.loads(run.to_json()) for run in runs], format
    elif format == "table":
        values, chosen = [{"query": f"{number}?", "id": "a", "text": "x", "score": 1.0} for number in range(2)], format
    else:
        values, chosen = [*langfuse(rows[0]), TRACE_OF_LANGFUSE], "langfuse"
    first = open_source(Source("f.jsonl", as_lines(values)), format=chosen).runs[0]
    damaged = data.draw(st.sampled_from(places(values[-1])))
    lines = as_lines([*values[:-1], replaced(values[-1], damaged, odd)])
    opened = open_source(Source("f.jsonl", lines), format=chosen)
    kept = next(run for run in opened.runs if run.query == first.query)
    assert kept.steps[0].hits[: len(first.steps[0].hits)] == first.steps[0].hits
    assert all(read_run(run.to_json()) == run for run in opened.runs)


@settings(PROPERTY, max_examples=200)
@given(at=st.integers(0, 10**6), by=st.binary(min_size=1, max_size=4))
def test_a_damaged_parquet_file_is_read_or_refused_in_words(at, by):
    import pandas as pd

    made = io.BytesIO()
    pd.DataFrame([{"query": "Q?", "id": f"{at}", "text": "x" * at, "score": at / 2} for at in range(9)]).to_parquet(
        made
    )
    whole = made.getvalue()
    place = at % len(whole)
    try:
        opened = open_source(Source("f.parquet", whole[:place] + by + whole[place + len(by) :]))
    except BadInput as exc:
        assert str(exc)
    else:
        assert opened.runs
