"""Calibrating a reranker on the Evaluate page: what is kept is its probability on every page, until it is removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from rag_core.corpus.sample import SAMPLE
from rag_core.corpus.storage.orders import OrderBook
from rag_core.evaluation.calibrating import FEWEST
from rag_core.evaluation.calibration_book import CalibrationBook, calibrations
from rag_core.schema.chunking import Chunking
from rag_core.schema.policy import Policy
from tests.ui.conftest import ROOT
from tests.ui.pages import done, page, said, taken_up
from ui import caches
from ui.sidebar import retrievers

LATE = "late-interaction"
OWNER = "ab" * 16
NAMES = ("refunds.md", "returns.md", "errors.md")
ASKED = ("refund in {} days", "return goods within {} days", "KB-17 disk full {}", "who won race {}")


@pytest.fixture
def labelled(sample: None, tmp_path: Path) -> None:
    """The sample corpus with questions that its three documents answer, and as many again that none does."""
    folder = tmp_path / "sample"
    count = 2 * FEWEST
    queries = [
        {"_id": str(n), "text": ASKED[n % 4].format(n), "kind": "unanswerable" if n % 4 == 3 else "plain"}
        for n in range(count)
    ]
    (folder / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in queries), encoding="utf-8")
    rows = [f"{n}\t{NAMES[n % 4]}\t3" for n in range(count) if n % 4 < 3]
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(rows) + "\n", encoding="utf-8")


opened = partial(page, timeout=300)


def evaluated() -> AppTest:
    """The Evaluate page, all questions scored with late interaction."""
    at = opened("5_evaluate.py", r=LATE, fp="", eval_size=2 * FEWEST)
    return done(at.button(key="eval_score").click().run())


def toggles(at: AppTest) -> list[str]:
    return [one.key for one in at.sidebar.toggle]


@pytest.mark.usefixtures("labelled")
def test_a_kept_calibration_counts_everywhere_until_it_is_removed() -> None:
    at = evaluated()
    assert "cal" not in toggles(at)
    done(at.button(key="calibrate_keep").click().run())
    assert at.sidebar.toggle(key="cal").value is True
    assert at.sidebar.slider(key="t_calibrated").label.startswith("Threshold (probability)")

    inspect = opened("1_inspect.py", r=LATE, fp="", q="refund in 5 days", cal=True)
    assert "cal" in toggles(inspect) and "t_maxsim" not in [one.key for one in inspect.sidebar.slider]
    shown = list(inspect.session_state["runs"].values())[-1]
    assert shown.relevance_space == "probability" and shown.policy.calibration.reranker == LATE

    done(at.button(key="calibrate_remove").click().run())
    assert "cal" not in toggles(at) and "t_maxsim" in [one.key for one in at.sidebar.slider]
    assert "cal" not in toggles(opened("1_inspect.py", r=LATE, fp="", q="refund in 5 days", cal=True))


@pytest.fixture
def copy(labelled: None) -> str:
    """The same documents in another collection, on which nothing was fitted."""
    caches.shared().build("Copy", list(caches.collection(SAMPLE, OWNER).documents()), Chunking(), caches.embedder())
    return "Copy"


def test_another_collection_says_that_a_calibration_is_not_its_own_and_takes_it_over_by_a_click(copy: str) -> None:
    done(evaluated().button(key="calibrate_keep").click().run())
    at = opened("1_inspect.py", r=LATE, fp="", q="refund in 5 days", cal=True)
    done(at.sidebar.slider(key="t_calibrated").set_value(0.4).run())
    done(at.selectbox(key="c").set_value(copy).run())
    assert "cal" not in toggles(at) and f"It is calibrated on “{SAMPLE}”, not on this collection" in said(at)
    assert "is not kept here" in said(at)
    done(at.selectbox(key="c").set_value(SAMPLE).run())
    assert (at.sidebar.toggle(key="cal").value, at.sidebar.slider(key="t_calibrated").value) == (True, 0.4)

    done(at.selectbox(key="c").set_value(copy).run())
    done(next(one for one in at.sidebar.button if one.label == f"Use that of {SAMPLE}").click().run())
    assert (at.sidebar.toggle(key="cal").value, at.sidebar.slider(key="t_calibrated").value) == (True, 0.4)
    assert f"labelled questions of {SAMPLE} on" in at.sidebar.toggle(key="cal").help
    assert calibrated_names() == [(SAMPLE, ""), (copy, "")] or calibrated_names() == [(copy, ""), (SAMPLE, "")]


def test_a_calibration_that_was_off_where_it_was_fitted_is_used_where_it_is_taken_over(copy: str) -> None:
    done(evaluated().button(key="calibrate_keep").click().run())
    at = opened("1_inspect.py", r=LATE, fp="", q="refund in 5 days", cal=True)
    done(at.sidebar.toggle(key="cal").set_value(False).run())
    done(at.selectbox(key="c").set_value(copy).run())
    done(next(one for one in at.sidebar.button if one.label == f"Use that of {SAMPLE}").click().run())
    fitted = CalibrationBook(caches.store()).find(SAMPLE, LATE).fit.threshold.minimum
    assert at.sidebar.toggle(key="cal").value
    assert at.sidebar.slider(key="t_calibrated").value == pytest.approx(fitted, abs=0.01)


def test_a_private_calibration_is_taken_over_without_its_names(copy: str) -> None:
    done(evaluated().button(key="calibrate_keep").click().run())
    fit = CalibrationBook(caches.store()).find(SAMPLE, LATE).fit.with_(set_name="Secret questions")
    CalibrationBook(caches.store()).forget(SAMPLE)
    CalibrationBook(caches.store(), OWNER).keep("Mine", fit)
    asked = {"c": copy, "r": LATE, "fp": "", "q": "refund in 5 days", "timeout": 300}
    at = page("1_inspect.py", owner=OWNER, **asked)
    taken = next(one for one in at.sidebar.button if one.label == "Use that of Mine")
    assert "do not see the names" in taken.help
    done(taken.click().run())
    other = page("1_inspect.py", owner="cd" * 16, **asked)
    assert "labelled questions of a private collection on" in other.sidebar.toggle(key="cal").help
    with caches.store().begin() as connection:
        wanted = sa.select(calibrations.c.record).where(calibrations.c.owner == "")
        (record,) = connection.execute(wanted).scalars()
    assert "Mine" not in record and "Secret" not in record


def test_a_private_calibration_is_offered_to_nobody_else(copy: str) -> None:
    done(evaluated().button(key="calibrate_keep").click().run())
    fit = CalibrationBook(caches.store()).find(SAMPLE, LATE).fit
    CalibrationBook(caches.store()).forget(SAMPLE)
    CalibrationBook(caches.store(), OWNER).keep("Mine", fit)
    asked = {"c": copy, "r": LATE, "fp": "", "q": "refund in 5 days"}
    assert "It is calibrated on “Mine”" in said(opened("1_inspect.py", owner=OWNER, **asked))
    assert "It is calibrated on" not in said(opened("1_inspect.py", owner="cd" * 16, **asked))


@pytest.mark.usefixtures("labelled")
def test_a_link_of_before_keeps_the_own_scores_of_the_reranker() -> None:
    done(evaluated().button(key="calibrate_keep").click().run())
    at = AppTest.from_file(str(ROOT / "pages" / "1_inspect.py"), default_timeout=300)
    at.query_params["q"] = "refund in 5 days"
    at.query_params["r"] = "Late interaction (MaxSim)"
    at.query_params["t_maxsim"] = "0.9"
    done(at.run())
    assert at.sidebar.toggle(key="cal").value is False
    assert at.sidebar.slider(key="t_maxsim").value == 0.9


@pytest.mark.usefixtures("sample")
def test_a_link_to_a_calibration_that_is_not_here_says_so() -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "1_inspect.py"), default_timeout=300)
    at.query_params["q"] = "refund in 5 days"
    at.query_params["cal"] = "true"
    assert "is not kept here" in said(done(at.run()))


@pytest.mark.usefixtures("labelled")
def test_a_link_without_a_question_keeps_the_own_scores_too() -> None:
    done(evaluated().button(key="calibrate_keep").click().run())
    at = AppTest.from_file(str(ROOT / "pages" / "5_evaluate.py"), default_timeout=300)
    at.query_params["r"] = "Late interaction (MaxSim)"
    at.query_params["t_maxsim"] = "0.9"
    done(at.run())
    assert at.sidebar.toggle(key="cal").value is False and at.sidebar.slider(key="t_maxsim").value == 0.9


@pytest.mark.usefixtures("labelled")
def test_own_scores_stay_chosen_after_a_reload_though_nothing_else_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default reranker's calibration is off, and every other setting is as it was at first."""
    done(evaluated().button(key="calibrate_keep").click().run())
    monkeypatch.setattr("ui.sidebar.standard_reranker.installed", lambda: LATE)
    monkeypatch.setattr("ui.sidebar.standard_reranker.default_reranker", lambda _: LATE)
    at = opened("5_evaluate.py", fp="")
    assert at.sidebar.toggle(key="cal").value is True
    done(at.sidebar.toggle(key="cal").set_value(False).run())
    assert reloaded(at).sidebar.toggle(key="cal").value is False


def reloaded(at: AppTest) -> AppTest:
    """The page as a new session opens it from the address."""
    again = AppTest.from_file(str(ROOT / "pages" / "5_evaluate.py"), default_timeout=300)
    for name, values in at.query_params.items():
        again.query_params[name] = values
    return done(again.run())


@pytest.mark.usefixtures("labelled")
def test_a_calibration_goes_along_when_its_collection_is_shared() -> None:
    done(evaluated().button(key="calibrate_keep").click().run())
    kept = CalibrationBook(caches.store()).find(SAMPLE, LATE)
    mine = opened("8_corpus.py", owner=OWNER)
    done(mine.button(key="copy").click().run())
    worked_off()
    CalibrationBook(caches.store(), OWNER).keep("My sample 1", kept.fit)
    done(opened("8_corpus.py", owner=OWNER, c="My sample 1").button(key="share").click().run())
    worked_off()
    of_others = opened("1_inspect.py", owner="cd" * 16, c="My sample 1", r=LATE, fp="", cal=True, q="refund in 5 days")
    assert "cal" in toggles(of_others)
    assert CalibrationBook(caches.store(), OWNER).find("My sample 1", LATE) is None


def copy_opened() -> AppTest:
    """The Corpus page on the owner's copy of the sample."""
    done(opened("8_corpus.py", owner=OWNER).button(key="copy").click().run())
    worked_off()
    return opened("8_corpus.py", owner=OWNER, c="My sample 1")


@contextmanager
def stuck(collection: str, owner: str = "") -> Iterator[None]:
    """A calibration of this collection that the database refuses to change."""
    row = {"collection": collection, "owner": owner, "reranker": LATE, "record": "{}"}
    with caches.store().begin() as database:
        database.execute(sa.insert(calibrations).values(row))
        database.execute(
            sa.text("CREATE TRIGGER stuck BEFORE UPDATE ON calibrations BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        )
    yield
    with caches.store().begin() as database:
        database.execute(sa.text("DROP TRIGGER stuck"))


def calibrated_names() -> list[tuple[str, str]]:
    """Collection and owner of every calibration that is kept."""
    with caches.store().begin() as database:
        return [(row.collection, row.owner) for row in database.execute(sa.select(calibrations))]


@pytest.mark.usefixtures("sample")
def test_a_collection_keeps_its_name_where_its_calibrations_cannot_be_renamed() -> None:
    at = copy_opened()
    with stuck("My sample 1", OWNER):
        at.text_input(key="new_name").set_value("Manual")
        rename = next(one for one in at.button if one.label == "Rename")
        done(rename.click().run())
        assert "My sample 1 keeps its name" in said(at) and "disk full" in said(at)
        assert "My sample 1" in caches.visible(OWNER).names() and calibrated_names() == [("My sample 1", OWNER)]
    done(rename.click().run())
    assert "My sample 1 is now called Manual" in said(at)
    assert "Manual" in caches.visible(OWNER).names() and calibrated_names() == [("Manual", OWNER)]


@pytest.mark.usefixtures("sample")
def test_a_collection_that_is_shared_without_its_calibrations_says_so() -> None:
    at = copy_opened()
    with stuck("My sample 1", OWNER):
        done(at.button(key="share").click().run())
        worked_off()
        told = said(done(at.run()))
        assert "now sees My sample 1. Its calibrations could not go along" in told and "disk full" in told
    assert "My sample 1" in caches.shared().names()


def worked_off() -> None:
    """Wait for what the owner ordered last."""
    orders = OrderBook(caches.private(OWNER).root).all().found
    caches.job_book().join(max(orders, key=lambda one: one.asked_at).id)


@pytest.mark.usefixtures("labelled")
def test_live_retrievers_are_worked_out_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[None] = []
    offered = retrievers.offered
    monkeypatch.setattr(retrievers, "offered", lambda: asked.append(None) or offered())
    opened("2_scores.py", r=LATE, fp="")
    before = len(asked)
    opened("2_scores.py", r=LATE, fp="", cal=True)
    assert len(asked) == 2 * before and before <= 2


@pytest.mark.usefixtures("labelled")
def test_settings_with_a_calibration_that_is_gone_or_fitted_again_say_so() -> None:
    """The settings of a case that was saved while another calibration was kept, taken up on the page."""
    at = evaluated()
    done(at.button(key="calibrate_keep").click().run())
    then = opened("1_inspect.py", r=LATE, fp="", q="refund in 5 days", cal=True)
    policy = list(then.session_state["runs"].values())[-1].policy
    earlier = policy.with_(calibration=policy.calibration.with_(bias=policy.calibration.bias + 1))

    def shown(taken: Policy) -> str:
        return said(taken_up(taken, "1_inspect.py", timeout=300))

    assert "is not kept here" not in shown(policy) and "is not the one that is kept" not in shown(policy)
    assert "is not the one that is kept" in shown(earlier)
    done(at.button(key="calibrate_remove").click().run())
    assert "is not kept here" in shown(policy)


@pytest.mark.usefixtures("sample")
def test_too_few_questions_are_told() -> None:
    at = opened("5_evaluate.py", r=LATE, fp="")
    done(at.button(key="eval_score").click().run())
    assert "too few to fit a probability" in said(at)
