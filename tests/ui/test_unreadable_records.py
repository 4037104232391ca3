"""Whatever is stored and cannot be read is left out with a note where it would be listed, and no page breaks on it.

Each kind is damaged twice: cut off in the middle, and as if a newer version had written it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from rag_core.corpus.indexing_jobs import KIND as INDEX
from rag_core.corpus.storage.orders import IndexingOrder, OrderBook
from rag_core.diagnosis import Expected, diagnose, locate
from rag_core.finetune.models import RECORD
from rag_core.jobs import jobs
from rag_core.pipeline.session import QuerySession
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.policy import Policy
from rag_core.schema.records import Raw
from rag_core.triage import Case, Finding, case_of, rerun
from rag_core.triage.tables import cases, reruns
from tests.golden.test_golden import GOLDEN
from ui import caches

PAGES = Path(__file__).parents[2] / "pages"
OWNER = "ab" * 16
QUESTIONS = ("when does the refund arrive", "what does KB-17 mean")
pytestmark = pytest.mark.usefixtures("sample")

Damage = Callable[[str], str]


def cut_off(text: str) -> str:
    return text[: len(text) // 2]


def newer(text: str) -> str:
    """The record as a version to come may write it."""
    raw: Raw = json.loads(text)
    raw["format" if "format" in raw else "version"] = 99
    return json.dumps(raw | {"colour": "red"})


DAMAGES = pytest.mark.parametrize(
    ("damage", "why"),
    [(cut_off, "not complete JSON"), (newer, "written by a newer version of Second Pass (99); update to open it")],
)


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(next(PAGES.glob(f"*_{page}.py"))), default_timeout=300)
    at.session_state["owner"] = OWNER
    for name, value in query.items():
        at.query_params[name] = value
    return drawn(at.run())


def drawn(at: AppTest) -> AppTest:
    assert not at.exception
    return at


def notes(at: AppTest) -> str:
    """What the page warns of, without Markdown's signs."""
    return "\n".join(str(one.value) for one in at.warning).replace("\\", "")


def saved_case(question: str) -> Case:
    collection = caches.collection("Sample corpus", OWNER)
    trace = caches.pipeline("Sample corpus", OWNER).run(question, Policy(reranker="none", top_k=1))
    location = locate(collection, Expected(document="returns.md"))
    return caches.case_book().save(case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))]))


def rewrite(table: sa.Table, key: str, damage: Damage) -> None:
    """Change what one row holds."""
    with caches.store().begin() as connection:
        body = connection.execute(sa.select(table.c.body).where(table.c.id == key)).scalar_one()
        connection.execute(sa.update(table).where(table.c.id == key).values(body=damage(body)))


@DAMAGES
def test_a_case_is_left_out_of_the_list_of_running_again_of_the_export_and_of_evaluation(
    damage: Damage, why: str
) -> None:
    bad, good = (saved_case(question) for question in QUESTIONS)
    rewrite(cases, bad.id, damage)
    at = opened("triage", view="Cases")
    assert f"Left out: the case {QUESTIONS[0]} ({bad.id[:8]}): This" in notes(at) and why in notes(at)
    assert list(at.dataframe[0].value["Question"]) == [good.query]
    assert [one.split(" · ")[0] for one in at.selectbox(key="case").options] == [good.query]
    assert at.button(key="rerun_all").label.startswith("Re-run 1 open case")

    at = opened("evaluate")
    at.segmented_control(key="eval_source").set_value("Triage cases")
    assert f"the case {QUESTIONS[0]} ({bad.id[:8]})" in notes(drawn(at.run()))
    assert at.button(key="eval_score").label == "Evaluate 1 question"


def test_a_case_whose_columns_hold_what_no_version_wrote_is_left_out() -> None:
    bad, good = (saved_case(question) for question in QUESTIONS)
    with caches.store().begin() as connection:
        connection.execute(sa.update(cases).where(cases.c.id == bad.id).values(verdict="eaten by the dog"))
    at = opened("triage", view="Cases")
    assert f"({bad.id[:8]}): This is not a case that can be read: “verdict”" in notes(at)
    assert list(at.dataframe[0].value["Question"]) == [good.query]


@DAMAGES
def test_a_rerun_is_left_out_of_its_case(damage: Damage, why: str) -> None:
    case = saved_case(QUESTIONS[0])
    question = QuerySession(caches.pipeline("Sample corpus", OWNER), case.query)
    run = rerun(case, question, caches.collection("Sample corpus", OWNER), Policy())
    caches.case_book().add_rerun(run)
    rewrite(reruns, run.id, damage)
    at = opened("triage", view="Cases")
    assert f"Left out: the re-run of {run.at:%Y-%m-%d %H:%M}" in notes(at) and why in notes(at)
    assert any(one.value == "Not re-run yet." for one in at.caption)
    assert at.button(key="rerun")


@DAMAGES
@pytest.mark.parametrize("page", ["inspect", "rerankers", "corpus"])
def test_a_collection_is_left_out_of_every_list(page: str, damage: Damage, why: str) -> None:
    library = caches.private(OWNER)
    for name in ("Good", "Bad"):
        library.build(name, [Document(id="a", text="A refund.")], Chunking(), caches.embedder(), owner=OWNER)
    (manifest,) = (path for path in library.root.rglob("manifest.json") if '"Bad"' in path.read_text())
    manifest.write_text(damage(manifest.read_text()))
    at = opened(page)
    assert f"The collection in {manifest.parents[2].name} cannot be opened" in notes(at) and why in notes(at)
    assert at.selectbox(key="c").options == ["Sample corpus", "Good"]


@DAMAGES
def test_a_fine_tuned_model_is_left_out_of_the_rerankers(damage: Damage, why: str, tmp_path: Path) -> None:
    for name in ("good", "bad"):
        (tmp_path / "data" / "rerankers" / name).mkdir(parents=True)
        shutil.copy(GOLDEN / "fine_tune" / "v1.json", tmp_path / "data" / "rerankers" / name / RECORD)
    record = tmp_path / "data" / "rerankers" / "bad" / RECORD
    raw = json.dumps(json.loads(record.read_text()) | {"version": 2})
    record.write_text(damage(raw))
    at = opened("rerankers")
    assert "Left out: the fine-tuned model bad: This" in notes(at) and why in notes(at)
    assert "bad" not in at.sidebar.selectbox(key="r").options


@DAMAGES
def test_a_saved_evaluation_is_said_to_be_unreadable_beside_the_figures(damage: Damage, why: str) -> None:
    at = opened("evaluate", r="No reranker")
    drawn(at.button(key="eval_score").click().run())
    report = damage((GOLDEN / "report" / "v1.json").read_text())
    at.file_uploader(key="eval_baseline").set_value(("last.json", report.encode(), "application/json"))
    drawn(at.run())
    told = "\n".join(str(one.value) for one in at.error).replace("\\", "")
    assert "last.json: This" in told and why in told
    assert at.dataframe and any(one.value == "Grade passages" for one in at.header)


@DAMAGES
def test_a_change_of_a_collection_is_left_out_of_what_goes_on(damage: Damage, why: str) -> None:
    orders = OrderBook(caches.private(OWNER).root)
    bad, good = (orders.place(IndexingOrder(action="copy", name=name, new=True)) for name in ("Bad", "Good"))
    path = caches.private(OWNER).root / ".orders" / bad.id / "order.json"
    path.write_text(damage(path.read_text()))
    at = opened("corpus")
    assert f"Left out: the change {bad.id[:8]}: This" in notes(at) and why in notes(at)
    keys = [one.key for one in at.button]
    assert f"go_on_{good.id}" in keys and f"go_on_{bad.id}" not in keys


@DAMAGES
def test_the_result_of_a_change_is_left_out_and_the_change_goes_on(damage: Damage, why: str) -> None:
    orders = OrderBook(caches.private(OWNER).root)
    order = orders.place(IndexingOrder(action="copy", name="Shop", new=True))
    path = caches.private(OWNER).root / ".orders" / order.id / "outcome.json"
    path.write_text(damage('{"version": 1, "files": [], "replaced": []}'))
    at = opened("corpus")
    assert "Left out: the change copy of Shop, its result: This" in notes(at) and why in notes(at)
    assert at.button(key=f"go_on_{order.id}")


def broken_job(key: str, kind: str) -> None:
    """A job in a state that no version of today writes."""
    caches.job_book().start(kind, 0, lambda _: "", job_id=key)
    caches.job_book().join(key)
    with caches.store().begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == key).values(state="dreaming"))


@pytest.mark.parametrize(("page", "kind"), [("triage", "rerun"), ("inspect", "sample")])
def test_a_job_is_left_out_and_can_be_started_anew(page: str, kind: str) -> None:
    broken_job("1" * 32, kind)
    at = opened(page, view="Cases")
    if kind == "rerun":
        assert f"Left out: the job last {kind}: What the database has of this job cannot be read: “state”" in notes(at)
        assert at.button(key="rerun_all")
    assert not at.error


def test_a_change_whose_job_cannot_be_read_is_said_so_and_goes_on() -> None:
    order = OrderBook(caches.private(OWNER).root).place(IndexingOrder(action="copy", name="Shop", new=True))
    broken_job(order.id, INDEX)
    at = opened("corpus")
    assert "Left out: the change copy of Shop, its progress: What the database has of this job" in notes(at)
    assert at.button(key=f"go_on_{order.id}")


def test_a_date_that_is_none_is_said_in_words() -> None:
    case = saved_case(QUESTIONS[0])
    with caches.store().begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET created_at = 'yesterday' WHERE id = ?", (case.id,))
    at = opened("triage", view="Cases")
    assert any("in the place of a date" in str(one.value) for one in at.error)
