"""What Phoenix and Langfuse really write becomes runs with their feedback.

The files of tests/golden/exports come from their own programs:

- Phoenix: the server and client of arize-phoenix 20.26.1 and arize-phoenix-client 3.5.0 were sent the traces of
  docs/examples, then annotated (`add_span_annotation`, `add_trace_annotation`). The pages are what the server returned
  for `/v1/projects/default/spans` and `/trace_annotations`, the list is that of `client.spans.get_span_annotations`,
  the frame that of `get_spans_dataframe`; the joined one `frame.join(client.spans.get_span_annotations_dataframe(...))`
- Langfuse: the SDK 5.0.4 with its callback for LangChain traced an app with a search, a reranker and a model. What it
  sent, in the models of its API (`ObservationV2`, `ScoreV3`), is written as these write themselves.
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

import rag_core
from rag_core.errors import BadInput
from rag_core.runs.importers.registry import open_source, open_sources
from rag_core.runs.importers.source import Source
from rag_core.runs.importers.uploads import Corrections, look_at, open_uploads
from rag_core.runs.values import StepKind
from tests.runs.spans.test_frameworks import ANSWERS, QUESTION, STEPS

GOLDEN = Path(__file__).parents[2] / "golden" / "exports"
SAID = {
    ("thumbs", "down", "It names no number of days."),
    ("thumbs score", 0, "It names no number of days."),
    ("correctness (LLM)", "incorrect", ""),
    ("correctness score (LLM)", 0.25, ""),
    ("relevance of WordSearch.retrieve (code)", 0.75, ""),
    ("relevance of WordSearch._retrieve (code)", 0.75, ""),
}
OF_TRACE = {("resolved", "no", "")}


def source(name):
    data = (GOLDEN / name).read_bytes()
    return Source(name.removesuffix(".gz"), gzip.decompress(data) if name.endswith(".gz") else data)


def said(run):
    return {(one.name, one.value, one.comment) for one in run.feedback}


def opened(*names):
    sources = [source(name) for name in names]
    return open_uploads(sources, look_at(sources).format, Corrections())


def lists(run):
    return [(step.name, step.kind, step.inputs, len(step.hits), step.evidence) for step in run.steps]


SPANS, FRAME, PARQUET, JOINED = (
    "phoenix-spans.json.gz", "phoenix-frame.json.gz", "phoenix-frame.parquet.gz", "phoenix-joined.json.gz"
)  # fmt: skip
ANNOTATIONS, OF_TRACES = "phoenix-annotations.json.gz", "phoenix-trace-annotations.json.gz"
PHOENIX = {
    (SPANS,): set(),
    (FRAME,): set(),
    (PARQUET,): set(),
    (JOINED,): SAID,
    (SPANS, ANNOTATIONS): SAID,
    (ANNOTATIONS, OF_TRACES, SPANS): SAID | OF_TRACE,
    (OF_TRACES, FRAME): OF_TRACE,
}


@pytest.mark.parametrize("files", PHOENIX, ids="+".join)
def test_exports_of_phoenix(files):
    found = opened(*files)
    llama_index, langchain = found.runs
    assert (found.format, found.problems) == ("phoenix", ())
    assert said(llama_index) == PHOENIX[files] and said(langchain) == set()
    for name, run in (("llama_index", llama_index), ("langchain", langchain)):
        assert lists(run) == STEPS[name] and run.query == QUESTION and run.answer == ANSWERS[name]
        assert run.warnings == () and run.passages[0].source == "refunds-annual-2023-draft.md"
        assert all(step.timing for step in run.steps if step.kind != StepKind.SELECT)


def test_spans_as_phoenixs_command_line_writes_them():
    """Its TypeScript puts the annotations of the API into the spans and traces of the API; it is not run here."""
    rows = json.loads(source(SPANS).data)["data"]
    of_spans, of_traces = (json.loads(source(name).data) for name in (ANNOTATIONS, OF_TRACES))
    for row in rows:
        row["annotations"] = [one for one in of_spans if one["span_id"] == row["context"]["span_id"]]
        row["notes"] = []
    rows[0]["notes"] = [{"name": "note", "annotator_kind": "HUMAN", "result": {"explanation": "Ask support."}}]
    note = {("note", "commented", "Ask support.")}
    alone = open_source(Source("spans.json", json.dumps(rows).encode()))
    assert said(alone.runs[0]) == SAID | note and alone.problems == ()
    of = rows[0]["context"]["trace_id"]
    spans = [row for row in rows if row["context"]["trace_id"] == of]
    trace = {"traceId": of, "spans": spans, "rootSpan": spans[0], "annotations": of_traces["data"], "status": "OK"}
    whole = open_source(Source("traces.json", json.dumps([trace]).encode()))
    assert said(whole.runs[0]) == SAID | OF_TRACE | note and lists(whole.runs[0]) == STEPS["llama_index"]
    assert open_source(Source("trace.json", json.dumps(trace).encode())) == whole


def test_columns_of_evaluations_as_older_versions_of_phoenix_wrote_them():
    rows = json.loads(source(FRAME).data)
    for row in rows:
        top = row["parent_id"] is None
        row |= {"eval.Q&A Correctness.label": "incorrect" if top else None, "eval.Q&A Correctness.score": None}
    runs = open_source(Source("frame.json", json.dumps(rows).encode())).runs
    assert [said(run) for run in runs] == [{("Q&A Correctness", "incorrect", "")}] * 2


def test_annotations_without_their_spans_say_what_to_do():
    with pytest.raises(BadInput, match=r"Entry 1: the span that it is about \(\w+\) is not there. Open both together"):
        open_source(source(ANNOTATIONS))
    with pytest.raises(BadInput, match="the trace that it is about is not there"):
        open_source(source("langfuse-scores.json"))


def test_an_annotation_of_one_document_or_a_session_is_said_and_left_out():
    rows = json.loads(source(ANNOTATIONS).data)
    rows = [
        rows[0] | {"document_position": 0},
        {"session_id": "s", **{k: v for k, v in rows[0].items() if k != "span_id"}},
    ]
    found = open_sources([source(SPANS), Source("more.json", json.dumps(rows).encode())])
    assert said(found.runs[0]) == set()
    assert [one.partition(":")[0] for one in found.problems] == ["Entry 1 of more.json", "Entry 2 of more.json"]


LANGFUSE = {("thumbs", "down", "Which plan?"), ("faithfulness (code)", 0.5, "")}


def of_langfuse(found, feedback):
    (run,) = found.runs
    assert (found.format, found.problems, said(run)) == ("langfuse", (), feedback)
    assert (run.query, run.answer) == ("How long can an annual plan be returned?", "Within 30 days.")
    assert [(step.name, step.kind, step.inputs, [hit.passage_id for hit in step.hits]) for step in run.steps] == [
        ("Words", StepKind.SEARCH, (), ["refunds-1", "plans-1", "office-1"]),
        ("rerank", StepKind.RERANK, ("Words",), ["plans-1", "refunds-1"]),
        ("read by the model", StepKind.SELECT, ("rerank",), ["plans-1", "refunds-1"]),
    ]
    assert [hit.score for hit in run.step("rerank").hits] == [0.91, 0.42]
    assert (run.passage("refunds-1").source, run.passage("refunds-1").title) == ("refunds.md", "Refunds")
    return run


def test_observations_and_scores_of_langfuse():
    of_langfuse(opened("langfuse-observations.json"), set())
    of_langfuse(opened("langfuse-observations.json", "langfuse-scores.json"), LANGFUSE)
    of_langfuse(opened("langfuse-scores.json", "langfuse-observations.json"), LANGFUSE)


def in_snake_case(row):
    return {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name): value for name, value in row.items()}


def test_langfuses_export_to_a_bucket_has_names_with_underscores_and_json_as_text(tmp_path):
    """As https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields describes it."""
    observations, scores = (
        [in_snake_case(row) for row in json.loads(source(f"langfuse-{name}.json").data)["data"]]
        for name in ("observations", "scores")
    )
    for row in observations:
        row |= {"start_time": row["start_time"].replace("T", " ").rstrip("Z")}
        row |= {part: json.dumps(row[part]) for part in ("input", "output") if not isinstance(row.get(part), str)}
    for row in scores:
        subject = row.pop("subject")
        whole = subject["kind"] == "trace"
        row["trace_id"] = subject["id"] if whole else subject["traceId"]
        row["observation_id"] = None if whole else subject["id"]
        text = row["value"] if isinstance(row["value"], str) else None
        row |= {"string_value": text, "value": 0 if text else row["value"]}
    for name, rows in (("observations_v2", observations), ("scores", scores)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    run = of_langfuse(rag_core.open_runs(tmp_path), LANGFUSE)
    assert run == of_langfuse(opened("langfuse-observations.json", "langfuse-scores.json"), LANGFUSE)


def test_the_project_can_be_given_where_an_export_does_not_say_it(tmp_path):
    for name in (SPANS, "langfuse-observations.json"):
        path = tmp_path / name.removesuffix(".gz")
        path.write_bytes(source(name).data)
        assert {run.project for run in rag_core.open_runs(path).runs} == {name.partition("-")[0]}
        assert {run.project for run in rag_core.open_runs(path, project="bot").runs} == {"bot"}


@pytest.mark.parametrize(("name", "field"), [(SPANS, "project_name"), ("langfuse-observations.json", "projectName")])
def test_a_project_that_an_export_says_stays_though_it_is_called_as_one_that_is_not_said(tmp_path, name, field):
    path, called = tmp_path / name.removesuffix(".gz"), name.partition("-")[0]
    rows = json.loads(source(name).data)
    every = rows if isinstance(rows, list) else rows["data"]
    path.write_text(json.dumps([row | {field: called} for row in every]), encoding="utf-8")
    assert {run.project for run in rag_core.open_runs(path, project="bot").runs} == {called}
