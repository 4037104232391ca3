"""What `rag_core.record` writes to the data folder is offered on the Runs page, until it is in the list."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

import rag_core
from rag_core.runs.recorder import delivery
from ui import caches

PAGE = str(Path(__file__).parents[2] / "pages" / "9_runs.py")
pytestmark = pytest.mark.usefixtures("sample")


def record(query: str) -> None:
    """As a program does that knows nothing of the app but its data folder."""
    with rag_core.record("shop-bot", query) as run:
        run.search("dense", [{"id": "a", "text": "Thirty days.", "score": 0.9}])
        run.keep(["a"])
    assert delivery.flush(10)


def opened() -> AppTest:
    at = AppTest.from_file(PAGE, default_timeout=120).run()
    assert not at.exception
    return at


def offered(at: AppTest) -> str:
    return " ".join(str(one.value) for one in at.markdown if "in this list" in str(one.value))


def test_recorded_runs_are_offered_and_imported_by_a_click():
    assert not offered(opened())
    record("How long do refunds take?")
    at = opened()
    assert offered(at).startswith("1 recorded run in") and "is not in this list" in offered(at)
    at.button(key="run_local").click().run()
    assert not at.exception and not offered(at)
    (row,) = caches.run_book().find().found
    assert (row.project, row.query) == ("shop-bot", "How long do refunds take?")
    record("Who pays the postage?")
    record("Is there a receipt?")
    assert offered(opened()).startswith("2 recorded runs in")


def test_a_file_that_cannot_be_read_leaves_the_page_whole():
    delivery.default_file().parent.mkdir(parents=True, exist_ok=True)
    delivery.default_file().write_text("no run\n")
    at = AppTest.from_file(PAGE, default_timeout=120).run()
    assert not at.exception and at.error and at.expander


def test_strangers_are_not_offered_what_they_may_not_import(monkeypatch: pytest.MonkeyPatch):
    record("How long do refunds take?")
    monkeypatch.setenv("SECOND_PASS_STRANGERS_MAY_READ_RUNS", "true")
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    try:
        assert not offered(opened())
    finally:
        config.set_option("server.address", before)
