"""A file is opened by what stands in it; what is malformed is a problem with its place, and nothing else is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import rag_core
from rag_core.errors import BadInput
from rag_core.runs.as_trace import trace_of
from rag_core.runs.importers.registry import open_source
from rag_core.runs.importers.source import Source
from rag_core.runs.passage_book import content_key
from rag_core.runs.recorder.shapes import hit_of
from rag_core.runs.sent import read_run
from rag_core.runs.values import StepKind
from tests.runs.importers.samples import LANGFUSE, PHOENIX, TABLE
from tests.runs.samples import a_run
from tests.runs.spans.test_otlp import GOOD as OTLP_SPAN
from tests.runs.spans.test_otlp import request as otlp_request
from tests.runs.spans.traces import TRACE


def write(path, rows, lines=False):
    path.write_text("\n".join(map(json.dumps, rows)) if lines else json.dumps(rows), encoding="utf-8")
    return path


def steps(run):
    return [(step.name, step.kind, step.inputs, [hit.score for hit in step.hits]) for step in run.steps]


@pytest.mark.parametrize("lines", [True, False])
def test_run_records(tmp_path, lines):
    runs = [a_run("a"), a_run("b")]
    opened = rag_core.open_runs(write(tmp_path / "r.jsonl", [json.loads(run.to_json()) for run in runs], lines))
    assert opened.runs == tuple(runs) and opened.format == "records" and opened.problems == ()


def test_what_the_recorder_wrote_is_opened(tmp_path):
    from rag_core.runs.recorder.delivery import flush

    with rag_core.record("bot", "q", to=tmp_path / "runs.jsonl") as run:
        run.search("dense", ["x"])
    assert flush(10) and rag_core.open_runs(tmp_path / "runs.jsonl").runs[0].id == run.id


@pytest.mark.parametrize("lines", [True, False])
def test_otlp_spans_of_a_trace_may_be_spread_over_the_file(tmp_path, lines):
    other = OTLP_SPAN | {"spanId": "00000000000000cd", "parentSpanId": "00000000000000ab", "attributes": [
        {"key": "openinference.span.kind", "value": {"stringValue": "RERANKER"}}]}  # fmt: skip
    rows = [otlp_request(OTLP_SPAN), otlp_request(other)]
    opened = rag_core.open_runs(write(tmp_path / "t.json", rows, lines))
    assert opened.format == "otlp" and len(opened.runs) == 1 and len(opened.runs[0].steps) == 2


def phoenix_forms(tmp_path):
    frame = pd.DataFrame(PHOENIX).set_index("context.span_id", drop=False)
    frame.to_json(tmp_path / "columns.json")
    frame.to_json(tmp_path / "records.json", orient="records")
    frame.to_parquet(tmp_path / "frame.parquet")
    times = frame.assign(start_time=pd.to_datetime(frame["start_time"], format="ISO8601"),
                         end_time=pd.to_datetime(frame["end_time"], format="ISO8601"))  # fmt: skip
    times.to_parquet(tmp_path / "times.parquet")
    nested = [
        {"context": {"trace_id": row["context.trace_id"], "span_id": row["context.span_id"]},
         **{name: value for name, value in row.items() if not name.startswith(("context", "attributes"))},
         "attributes": {name.removeprefix("attributes."): value for name, value in row.items()
                        if name.startswith("attributes") and value is not None}}
        for row in PHOENIX
    ]  # fmt: skip
    write(tmp_path / "nested.jsonl", nested, lines=True)
    return ["columns.json", "records.json", "frame.parquet", "times.parquet", "nested.jsonl"]


def test_phoenix_frames_and_spans_in_every_form(tmp_path):
    for name in phoenix_forms(tmp_path):
        opened = rag_core.open_runs(tmp_path / name)
        (run,) = opened.runs
        assert (opened.format, opened.problems, run.source) == ("phoenix", (), "phoenix"), name
        assert (run.id, run.query, run.answer) == (TRACE, "How long?", "Thirty days."), name
        assert steps(run) == [("retrieve", StepKind.SEARCH, (), [0.9, 0.4])], name
        assert run.steps[0].timing.took_ms == 50 and run.steps[0].timing.started_ms == 100, name
        assert run.passage(run.steps[0].hits[1].passage_id).source == "b.md", name
        assert f"{run.started_at:%Y-%m-%d %H:%M}" == "2026-11-28 09:30", name


def test_langfuse_observations_become_search_rerank_and_answer(tmp_path):
    opened = rag_core.open_runs(write(tmp_path / "o.jsonl", LANGFUSE, lines=True))
    (run,) = opened.runs
    assert (opened.format, run.query, run.answer, run.source) == ("langfuse", "How long?", "Thirty days.", "langfuse")
    assert steps(run)[:2] == [
        ("vectors", StepKind.SEARCH, (), [None, None]),
        ("rerank", StepKind.RERANK, ("vectors",), [0.8, 0.1]),
    ]
    assert run.step("rerank").model == "cohere" and run.attributes["language_model"] == "gpt"


def test_langfuse_traces_bring_their_scores(tmp_path):
    trace = {"id": "t-1", "input": {"question": "How long, really?"}, "output": "Thirty.",
             "timestamp": "2026-11-28T09:30:00Z",
             "observations": [one | {"traceId": "t-1"} for one in LANGFUSE[1:]], "sessionId": "s",
             "scores": [{"name": "thumbs", "value": 1, "comment": "ok"}, {"name": "none"}, 3]}  # fmt: skip
    for one in trace["observations"]:
        one["parentObservationId"] = None
    (run,) = rag_core.open_runs(write(tmp_path / "t.json", trace)).runs
    assert run.query == "How long, really?" and run.answer == "Thirty."
    assert [(one.name, one.value, one.comment) for one in run.feedback] == [("thumbs", 1, "ok")]


def test_a_score_of_langfuse_may_have_any_characters(tmp_path):
    trace = {"id": "t-1", "observations": LANGFUSE, "scores": [{"name": "a\x00b", "value": 1, "comment": "\ud800"}]}
    opened = rag_core.open_runs(write(tmp_path / "t.json", trace))
    assert [(one.name, one.value, one.comment) for one in opened.runs[0].feedback] == [("a\ufffdb", 1, "?")]
    assert opened.problems == ()


def test_a_table_in_every_form(tmp_path):
    frame = pd.DataFrame(TABLE)
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_csv(tmp_path / "semicolons.csv", index=False, sep=";")
    frame.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    frame.to_parquet(tmp_path / "t.parquet")
    write(tmp_path / "t.jsonl", TABLE, lines=True)
    for path in sorted(tmp_path.iterdir()):
        opened = rag_core.open_runs(path, project="bot")
        first, second = opened.runs
        assert (opened.format, opened.problems) == ("table", ()), path.name
        assert steps(first) == [
            ("dense", StepKind.SEARCH, (), [0.9, 0.4]),
            ("reranked", StepKind.RERANK, ("dense",), [3.5]),
            ("kept", StepKind.SELECT, ("reranked",), [None]),
        ], path.name
        assert first.passage("7").text == "Thirty days." and first.project == "bot", path.name
        assert steps(second) == [("dense", StepKind.SEARCH, (), [None])], path.name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cohere-rerank", StepKind.RERANK),
        ("bge-reranker-v2-m3", StepKind.RERANK),
        ("Cross-Encoder", StepKind.RERANK),
        ("rrf k=60", StepKind.FUSION),
        ("hybrid_search", StepKind.FUSION),
        ("before_rerank", StepKind.SEARCH),
        ("fused and reranked", StepKind.SEARCH),
        ("bm25", StepKind.SEARCH),
    ],
)
def test_a_lists_name_says_what_made_it(tmp_path, name, kind):
    rows = [{"query": "q", "passage_id": one, "list": name} for one in "ab"]
    opened = rag_core.open_runs(write(tmp_path / "t.jsonl", rows, lines=True), project="bot")
    assert [step.kind for step in opened.runs[0].steps] == [kind]


def test_the_guess_of_a_table_can_be_corrected(tmp_path):
    from rag_core.runs.importers.columns import Columns, StepMeaning
    from rag_core.runs.values import Space

    rows = [
        {"q": "How long?", "what": "x", "by": "ce", "d": 0.5},
        {"q": "How long?", "what": "y", "by": "ce", "d": 0.1},
    ]
    path = write(tmp_path / "t.json", rows)
    with pytest.raises(BadInput, match=r"Say which column is the query\. The table has q, what, by, d"):
        rag_core.open_runs(path)
    columns = Columns(query="q", text="what", step="by", score="d")
    meant = {"ce": StepMeaning(kind=StepKind.RERANK, space=Space.DISTANCE)}
    (run,) = rag_core.open_runs(path, columns=columns, steps=meant).runs
    assert run.steps[0].kind is StepKind.RERANK and run.steps[0].better == "lower"
    with pytest.raises(BadInput, match="no column 'nope'"):
        rag_core.open_runs(path, columns=Columns(query="nope", text="what"))


def test_ranks_decide_the_order_and_may_count_from_zero(tmp_path):
    rows = [{"query": "q", "id": one, "rank": rank} for one, rank in (("b", 1), ("a", 0), ("c", None), ("d", 2))]
    (run,) = rag_core.open_runs(write(tmp_path / "t.json", rows)).runs
    assert [(hit.passage_id, hit.rank) for hit in run.steps[0].hits] == [("a", 1), ("b", 2), ("d", 3), ("c", 4)]


def test_trec_runs_with_their_corpus(tmp_path):
    write(tmp_path / "queries.jsonl", [{"_id": "q1", "text": "How long?"}, {"_id": "q2", "text": "Where?"}], lines=True)
    write(tmp_path / "corpus.jsonl", [{"_id": "a", "title": "Refunds", "text": "Thirty days."}], lines=True)
    (tmp_path / "bm25.run").write_text("q1 Q0 a 1 2.5 x\nq1 Q0 b 2 3.5 x\nbroken\nq9 Q0 a 1 1 x\n")
    (tmp_path / "rerank.trec").write_text("q1 Q0 a 1 0.9 y\n")
    opened = rag_core.open_runs(tmp_path)
    (run,) = opened.runs
    assert steps(run) == [
        ("bm25", StepKind.SEARCH, (), [3.5, 2.5]),
        ("rerank", StepKind.RERANK, ("bm25",), [0.9]),
    ]
    assert run.passage("a").text == "Thirty days." and run.passage("b").text is None and opened.format == "trec"
    assert (
        len(opened.problems) == 2 and opened.problems[0].startswith("Line 3 of bm25.run") and "q9" in opened.problems[1]
    )


def test_the_same_file_gives_the_same_runs(tmp_path):
    for rows in (PHOENIX, LANGFUSE, TABLE):
        path = write(tmp_path / "f.json", rows)
        first, second = (rag_core.open_runs(path).runs for _ in range(2))
        assert [run.id for run in first] == [run.id for run in second]
        assert all(read_run(run.to_json()) == run for run in first)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"3", b"\xff\xfe\x00", b"a,b\n1,2\n", b"PAR1", b'{"a": 1}'])
@pytest.mark.parametrize("name", ["f.json", "f.jsonl", "f.csv", "f.tsv", "f.parquet", "f"])
def test_what_holds_no_run_is_refused_in_words(data, name):
    with pytest.raises(BadInput):
        open_source(Source(name, data))


def test_what_is_not_there_or_unknown_is_said(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        rag_core.open_runs(tmp_path / "nowhere.json")
    with pytest.raises(BadInput, match="no TREC runs"):
        rag_core.open_runs(tmp_path)
    with pytest.raises(BadInput, match="no format 'xml'"):
        rag_core.open_runs(write(tmp_path / "f.json", []), format="xml")


GOLDEN = Path(__file__).parents[2] / "golden" / "traces"


def lists(run):
    return [(step.name, step.kind, step.inputs, [hit.passage_id for hit in step.hits]) for step in run.steps]


@pytest.mark.parametrize(("said", "project"), [("default", "default"), ("", "bot")])
def test_a_given_project_is_for_traces_that_say_none(tmp_path, said, project):
    """One that says “default” has said it."""
    text = (GOLDEN / "langchain.jsonl").read_text(encoding="utf-8")
    path = tmp_path / "traces.jsonl"
    path.write_text(text.replace('"stringValue":"lc-app"', f'"stringValue":"{said}"'), encoding="utf-8")
    assert {run.project for run in rag_core.open_runs(path, project="bot").runs} == {project}


def test_a_trace_of_langchain_with_an_ensemble_inside_a_compressor():
    """langchain-core 1.8.3, openinference-instrumentation-langchain 0.1.80."""
    (run,) = rag_core.open_runs(GOLDEN / "langchain.jsonl").runs
    refunds, ship, closed = (
        content_key(one)
        for one in ("Refunds take thirty days.", "We ship worldwide, always.", "The office is closed on Sunday.")
    )
    assert (run.project, run.query, run.answer) == ("lc-app", "How long do refunds take?", "Thirty days.")
    assert lists(run) == [
        ("R", StepKind.SEARCH, (), [refunds, ship]),
        ("R (2)", StepKind.SEARCH, (), [closed, ship]),
        ("Ens", StepKind.FUSION, ("R", "R (2)"), [refunds, ship, closed]),
        ("Comp", StepKind.ADJUST, ("Ens",), [closed, ship]),
        ("read by the model", StepKind.SELECT, ("Comp",), [closed, ship]),
    ]
    assert run.passage(refunds).source == "0.md" and run.warnings == ()


def test_a_trace_of_llama_index_with_fusion_and_a_reranker():
    """llama-index-core 0.14.25, openinference-instrumentation-llama-index 4.6.1."""
    (run,) = rag_core.open_runs(GOLDEN / "llama_index.jsonl").runs
    assert lists(run) == [
        ("Vectors.retrieve", StepKind.SEARCH, (), ["n0", "n1"]),
        ("Keywords.retrieve", StepKind.SEARCH, (), ["n1", "n2"]),
        (
            "QueryFusionRetriever.retrieve",
            StepKind.FUSION,
            ("Vectors.retrieve", "Keywords.retrieve"),
            ["n1", "n0", "n2"],
        ),
        ("MyRerank._postprocess_nodes", StepKind.RERANK, ("QueryFusionRetriever.retrieve",), ["n2", "n0"]),
        ("read by the model", StepKind.SELECT, ("MyRerank._postprocess_nodes",), ["n2", "n0"]),
    ]
    assert run.steps[3].model == "my-reranker" and run.query == "How long do refunds take?" and run.warnings == ()
    assert [hit.score for hit in run.steps[3].hits] == [2.0, 1.0] and all(step.query is None for step in run.steps)


NAMED = [
    ({"metadata": {"source": "kb/a.md"}}, "kb/a.md"),
    ({"metadata": {"file_path": "kb/a.md"}}, "kb/a.md"),
    ({"metadata": {"filename": "a.md"}}, "a.md"),
    ({"metadata": {"url": "https://kb/a"}}, "https://kb/a"),
    ({"metadata": {"source": 7, "url": "https://kb/a"}}, "https://kb/a"),
    ({"metadata": {"source": "kb/a.md", "title": "Refunds"}}, "Refunds"),
    ({"source": "kb/a.md"}, "kb/a.md"),
    ({"title": "Refunds", "metadata": {"page": 3}}, "Refunds"),
]


@pytest.mark.parametrize(("given", "name"), NAMED)
def test_a_passage_is_called_by_what_its_row_or_its_metadata_says_in_langfuse(given, name):
    rows = [LANGFUSE[0], LANGFUSE[1] | {"output": [{"page_content": "Thirty days.", **given}]}]
    (run,) = open_source(Source("langfuse.json", json.dumps(rows).encode())).runs
    (passage,) = trace_of(run).passages.values()
    assert passage.name == name


@pytest.mark.parametrize(("given", "name"), [one for one in NAMED if one[0].keys() == {"metadata"}])
def test_and_alike_in_spans_and_recorded_documents(given, name):
    document = {"document.content": "Thirty days.", "document.metadata": given["metadata"]}
    rows = [PHOENIX[0], PHOENIX[1] | {"attributes.retrieval.documents": [document]}]
    (run,) = open_source(Source("phoenix.json", json.dumps(rows).encode())).runs
    (passage,) = trace_of(run).passages.values()
    recorded = hit_of({"page_content": "Thirty days.", **given})
    assert passage.name == name == (recorded.get("title") or recorded["source"])


def observation(number, **more):
    return {"id": f"o{number}", "traceId": "t", "startTime": f"2026-01-01T00:00:0{number}Z",
            "endTime": f"2026-01-01T00:00:0{number}.5Z", "name": "dense", "type": "RETRIEVER", **more}  # fmt: skip


def test_passages_of_langfuse_without_a_text_are_kept_and_those_without_an_id_too_are_said(tmp_path):
    found = [{"id": "a", "text": "Thirty days.", "score": 0.9}, {"id": "b", "score": 0.8}, {"score": 0.7}]
    opened = rag_core.open_runs(write(tmp_path / "o.json", [observation(1, input="How long?", output=found)]))
    (run,) = opened.runs
    assert [hit.passage_id for hit in run.steps[0].hits] == ["a", "b"] and run.passage("b").text is None
    assert opened.problems == ("Entry 1: document 3 of retrieval.documents has neither id nor text.",)
    bare = [{"id": "a"}, {"id": "b"}]
    opened = rag_core.open_runs(write(tmp_path / "ids.json", [observation(1, input="How long?", output=bare)]))
    assert [hit.passage_id for hit in opened.runs[0].steps[0].hits] == ["a", "b"] and opened.problems == ()
    tool = observation(2, type="TOOL", name="users", input=[{"id": 1}], output=[{"id": 1}])
    rows = [observation(1, input="How long?", output=found[:1]), tool]
    opened = rag_core.open_runs(write(tmp_path / "tool.json", rows))
    assert [step.name for step in opened.runs[0].steps] == ["dense"]


def test_a_reranker_of_langfuse_that_never_ended_comes_after_its_search(tmp_path):
    found = [{"id": one, "text": f"Text {one}.", "score": 0.5} for one in "ab"]
    given = {"query": "How long?", "documents": found}
    rows = [observation(1, input="How long?", output=found),
            observation(2, type="SPAN", name="rerank", endTime=None, input=given, output=found[::-1])]  # fmt: skip
    (run,) = rag_core.open_runs(write(tmp_path / "o.json", rows)).runs
    assert [(step.name, step.inputs) for step in run.steps] == [("dense", ()), ("rerank", ("dense",))]
