"""A page as a session with some state opens it, and what it says."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).parents[2] / "pages"


def page(name: str, **state: object) -> AppTest:
    """The page, run once without an exception."""
    at = AppTest.from_file(str(PAGES / name), default_timeout=120)
    for key, value in state.items():
        at.session_state[key] = value
    at.run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    """The words of its texts and messages, as they are read."""
    shown = [*at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.success]
    return " ".join(str(one.value) for one in shown).replace("\\", "").replace("\u2060", "")
