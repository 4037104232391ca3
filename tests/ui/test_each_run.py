"""A run of a page looks up once what it asks for again and again, and again in the next run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from ui import each_run
from ui.each_run import once_a_run
from ui.sidebar import indexes, retrievers

INSPECT = Path(__file__).parents[2] / "pages" / "1_inspect.py"
ASKED: Counter[str] = Counter()


@once_a_run
def greeting(name: str) -> str:
    """Counts how often it is worked out."""
    ASKED[name] += 1
    if name == "nobody":
        raise ValueError(name)
    return f"hello {name}"


def page() -> None:
    """Asks several times, and once more after a change."""
    import streamlit as st

    from tests.ui.test_each_run import greeting
    from ui import each_run

    each_run.forget()
    st.text(" ".join([greeting("a"), greeting("a"), greeting("b")]))
    if st.button("Change"):
        each_run.forget()
        greeting("a")
    for _ in range(2):
        try:
            greeting("nobody")
        except ValueError:
            st.text("nobody is there")


@pytest.fixture(autouse=True)
def none_asked() -> None:
    ASKED.clear()


def test_nothing_is_known_after_a_run_so_that_a_click_looks_up_anew() -> None:
    at = AppTest.from_file(str(INSPECT.parents[1] / "app.py"), default_timeout=60).run()
    assert not at.exception and at.title[0].value == "Inspect"
    assert each_run.FOUND not in at.session_state


def test_a_run_asks_once_and_the_next_one_again() -> None:
    at = AppTest.from_function(page).run()
    assert at.text[0].value == "hello a hello a hello b"
    assert ASKED == {"a": 1, "b": 1, "nobody": 2}  # an error is not kept
    at.run()
    assert ASKED == {"a": 2, "b": 2, "nobody": 4}


def test_what_was_changed_is_looked_up_anew() -> None:
    at = AppTest.from_function(page).run()
    at.button[0].click().run()
    assert ASKED["a"] == 3  # a run, the next one, and once more after the change


def test_outside_a_page_nothing_is_kept() -> None:
    assert [greeting("a"), greeting("a")] == ["hello a", "hello a"]
    assert ASKED == {"a": 2}
    each_run.forget()


@pytest.mark.usefixtures("sample")
def test_inspect_reads_each_file_of_the_operator_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[str] = Counter()

    def counted(owner: object, name: str) -> None:
        of_old = getattr(owner, name)

        def noted(*given: object, **named: object) -> object:
            read[name] += 1
            return of_old(*given, **named)

        monkeypatch.setattr(owner, name, noted)

    for owner, name in ((Secrets, "load_if_toml_exists"), (indexes, "every_index"), (retrievers, "read_named")):
        counted(owner, name)
    at = AppTest.from_file(str(INSPECT), default_timeout=300).run()
    assert not at.exception
    read.clear()
    at.run()
    assert not at.exception
    assert read == {"load_if_toml_exists": 1, "every_index": 1, "read_named": 1}
