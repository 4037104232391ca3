"""Exports are imported from the Runs page; of a table, the guess is shown and can be corrected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from rag_core.runs.run import Run
from rag_core.runs.store.retention import Retention, keep
from rag_core.runs.values import Space, StepKind
from tests.runs.importers.test_registry import LANGFUSE, OTLP_SPAN, PHOENIX, otlp_request
from tests.runs.samples import a_run
from ui import caches, visitors

PAGE = str(Path(__file__).parents[2] / "pages" / "9_runs.py")
TABLE = """question,where,doc_id,body,value
How long?,ce,a,Thirty days.,4.5
How long?,ce,b,We ship.,-2
How long?,dense,b,We ship.,0.4
"""
JSON_FILES = {
    "langfuse": LANGFUSE,
    "otlp": otlp_request(OTLP_SPAN),
    "phoenix": PHOENIX,
    "records": [a_run().model_dump(mode="json")],
}
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture
def readable_by_everyone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The app listens for every machine without a login, and shows its runs."""
    monkeypatch.setenv("SECOND_PASS_STRANGERS_MAY_READ_RUNS", "true")
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    yield
    config.set_option("server.address", before)


def uploaded(*files: tuple[str, str]) -> AppTest:
    at = AppTest.from_file(PAGE, default_timeout=300).run()
    at.file_uploader(key="run_files_0").set_value([(name, text.encode(), "text/plain") for name, text in files]).run()
    assert not at.exception
    return at


def imported(at: AppTest) -> list[Run]:
    at.button(key="run_import").click().run()
    assert not at.exception and not at.error
    book = caches.run_book()
    return [book.get(row.project, row.id) for row in book.find().found]


def plain(text: str) -> str:
    """The text without the escapes of Markdown."""
    return text.replace("\\", "")


def box_of_text(at: AppTest, label: str):
    return next(one for one in at.text_input if one.label == label)


def box(at: AppTest, start: str):
    return next(one for one in at.selectbox if str(one.key).startswith(start))


@pytest.mark.parametrize("name", JSON_FILES)
def test_an_export_of_any_program_is_known_and_imported(name: str):
    at = uploaded(("export.json", json.dumps(JSON_FILES[name])))
    assert box(at, "run_format").value == name
    (run,) = imported(at)
    assert run.steps
    assert any(f"1 run imported into {run.project}" in str(one.value).replace("\\", "") for one in at.success)
    assert len(at.dataframe) == 1 and not at.file_uploader[0].value


def test_the_guess_at_a_tables_columns_is_shown_and_corrected():
    at = uploaded(("candidates.csv", TABLE))
    shown = {part: box(at, f"run_column_{part}").value for part in ("query", "passage_id", "text", "step", "score")}
    assert shown == {"query": "question", "passage_id": "doc_id", "text": "body", "step": None, "score": None}
    box(at, "run_column_step").select("where").run()
    box(at, "run_column_score").select("value").run()
    box(at, "run_kind_ce").select(StepKind.RERANK).run()
    box(at, "run_space_ce").select(Space.LOGIT).run()
    at.text_input[-1].set_value("desk").run()
    (run,) = imported(at)
    assert run.project == "desk" and [step.name for step in run.steps] == ["dense", "ce"]
    reranked = run.step("ce")
    assert (reranked.kind, reranked.space, reranked.best) == (StepKind.RERANK, Space.LOGIT, 4.5)
    assert run.step("dense").space is Space.UNKNOWN


def test_the_direction_of_an_unknown_score_is_asked_for():
    at = uploaded(("candidates.csv", TABLE.replace("where", "list").replace("value", "score")))
    box(at, "run_better_dense").select("lower").run()
    (run,) = imported(at)
    assert run.step("dense").direction == "lower" and run.step("ce").direction is None


def test_a_table_without_a_query_says_so_and_waits_for_the_column():
    at = uploaded(("candidates.csv", TABLE.replace("question", "asked")))
    assert any("which column is the query" in str(one.value) for one in at.error)
    box(at, "run_column_query").select("asked").run()
    assert not at.error and imported(at)[0].query == "How long?"


def test_trec_runs_come_with_their_queries_and_corpus():
    at = uploaded(
        ("bm25.run", "q1 Q0 a 1 7.5 x\nq1 Q0 b 2 3.5 x\n"),
        ("queries.jsonl", '{"_id": "q1", "text": "How long?"}\n'),
        ("corpus.jsonl", '{"_id": "a", "text": "Thirty days."}\n'),
    )
    box(at, "run_space_bm25").select(Space.BM25).run()
    (run,) = imported(at)
    assert run.step("bm25").space is Space.BM25 and run.passage("a").text == "Thirty days."


def test_what_cannot_be_read_is_listed_and_the_rest_is_imported():
    good = a_run().to_json()
    at = uploaded(("runs.jsonl", f"{good}\nnonsense\n"))
    assert len(imported(at)) == 1
    assert any("Line 2" in str(one.value) for one in at.markdown)


def test_another_table_of_the_same_name_replaces_nothing():
    first, second = (f"query,doc_id\nHow long?,{one}\n" for one in "ab")
    for table, said in ((first, None), (second, None), (first, "1 of them replaced a run with the same id")):
        at = uploaded(("export.csv", table))
        runs = imported(at)
        assert any("replaced" in str(one.value) for one in at.success) == (said is not None)
        assert said is None or said in at.success[0].value
    assert len(runs) == 2 and {run.project for run in runs} == {"export.csv"}


def test_two_imports_of_trec_runs_lie_side_by_side():
    queries = ("queries.jsonl", '{"_id": "1", "text": "How long?"}\n')
    for name in ("BM25.RUN", "dense.run"):
        at = uploaded(queries, (name, "1 Q0 a 1 7.5 x\n"))
        assert box_of_text(at, "Project").placeholder == name
        runs = imported(at)
    assert {run.project for run in runs} == {"BM25.RUN", "dense.run"}


def test_files_of_one_name_and_files_without_queries_are_refused_in_words():
    run = ("bm25.run", "1 Q0 a 1 7.5 x\n")
    assert "Two files are called bm25.run" in plain(uploaded(run, run).error[0].value)
    at = uploaded(run)
    at.button(key="run_import").click().run()
    assert "There is no queries.jsonl" in plain(at.error[0].value) and "/" not in at.error[0].value


def test_how_many_runs_the_rule_deletes_is_said_at_the_import():
    keep(caches.store(), Retention(days=30))
    old = a_run(started_at="2020-01-01T00:00:00Z").to_json()
    at = uploaded(("runs.jsonl", old))
    assert any(
        "Runs are kept for 30 days. This applies to imported runs too." in plain(one.value) for one in at.caption
    )
    imported(at)
    assert "By this rule, 1 run will be deleted within the hour." in plain(at.warning[0].value)
    at = uploaded(("export.csv", "query,doc_id\nHow long?,a\n"))
    keep(caches.store(), Retention())
    imported(at)
    assert not at.warning


@pytest.mark.parametrize(
    "files", [[("a.csv", "x"), ("b.csv", "y")], [("broken.json", "{")], [("a.run", "q1 Q0 a 1 2 x")]]
)
def test_files_that_cannot_be_read_say_so_and_add_nothing(files: list[tuple[str, str]]):
    at = uploaded(*files)
    if any(one.key == "run_import" for one in at.button):
        at.button(key="run_import").click().run()
    assert at.error and not at.exception and not caches.run_book().projects()


@pytest.mark.usefixtures("readable_by_everyone")
def test_strangers_import_nothing():
    at = AppTest.from_file(PAGE, default_timeout=300).run()
    assert not at.file_uploader and any(one.value == visitors.OPEN_TO_STRANGERS for one in at.caption)


def test_scores_with_decimal_commas_are_imported_and_it_is_said():
    at = uploaded(("scores.csv", "question;doc_id;list;score\nHow long?;a;dense;0,83\nHow long?;b;dense;0,41\n"))
    (run,) = imported(at)
    assert [hit.score for hit in run.steps[0].hits] == [0.83, 0.41]
    assert any("0,83 is 0.83" in plain(str(one.value)) for one in at.info)


def test_spans_of_phoenix_and_their_annotations_are_imported_together():
    said = {"span_id": PHOENIX[0]["context.span_id"], "name": "thumbs", "annotator_kind": "HUMAN",
            "result": {"label": "down", "score": None, "explanation": "Which plan?"}}  # fmt: skip
    at = uploaded(("said.json", json.dumps({"data": [said]})), ("spans.json", json.dumps(PHOENIX)))
    assert box(at, "run_format").value == "phoenix"
    box_of_text(at, "Project").set_value("support-bot").run()
    (run,) = imported(at)
    assert [(one.name, one.value, one.comment) for one in run.feedback] == [("thumbs", "down", "Which plan?")]
    assert run.project == "support-bot"
