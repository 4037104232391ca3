"""A page as a session with some state opens it, and what it says."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from rag_core.schema.policy import Policy

PAGES = Path(__file__).parents[2] / "pages"


def page(name: str, timeout: float = 120, **state: object) -> AppTest:
    """The page, run once without an exception. timeout: seconds of each run."""
    at = AppTest.from_file(str(PAGES / name), default_timeout=timeout)
    for key, value in state.items():
        at.session_state[key] = value
    return done(at.run())


def taken_up(policy: Policy, name: str, timeout: float = 120) -> AppTest:
    """The page, run once with the settings that a click on "Try it" takes from the policy."""
    at = AppTest.from_function(_take_up, default_timeout=timeout, args=(policy.model_dump_json(), str(PAGES / name)))
    return done(at.run())


def _take_up(policy: str, page: str) -> None:
    import runpy

    import streamlit as st

    from rag_core.schema.policy import Policy
    from ui.sidebar import apply_policy

    if "taken" not in st.session_state:
        st.session_state["taken"] = True
        apply_policy.adopt(Policy.model_validate_json(policy))
    runpy.run_path(page, run_name="__main__")


def done(at: AppTest) -> AppTest:
    """The page after a run without an exception."""
    assert not at.exception
    return at


def listed_index(kind: str, address: str, secret: str = "") -> AppTest:
    """The Corpus page with the form of an index of that kind, whose server was asked what is there."""
    at = page("8_corpus.py")
    at.selectbox(key="ix_kind").set_value(kind).run()
    at.text_input(key="ix_name").set_value("Handbook")
    at.text_input(key=f"ix_address_{kind}").set_value(address)
    at.text_input(key="ix_secret_0").set_value(secret)
    return done(at.button(key="ix_list").click().run())


def said(at: AppTest) -> str:
    """The words of its texts and messages, as they are read."""
    shown = [*at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.success]
    return " ".join(str(one.value) for one in shown).replace("\\", "").replace("\u2060", "")


def noted(at: AppTest) -> list[pd.DataFrame]:
    """The tables of notes on files, as they are read."""
    found = [one.value for one in (*at.dataframe, *at.table) if {"File", "Why", "Words"} <= set(one.value.columns)]
    return [one.replace({"\\\\": "", "\u2060": "", "\xa0": " "}, regex=True) for one in found]
