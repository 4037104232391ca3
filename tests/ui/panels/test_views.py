"""Text of others in Markdown: shown as it is written, with no link in it, and readable for a screen reader."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.schema.policy import Policy
from ui.panels.views import STYLE, label, markdown
from ui.sidebar.state import SidebarState

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "text",
    [
        "http://evil.example/x",
        "HTTPS://evil.example",
        "www.evil.example",
        "a.b+c@evil.example",
        "see (www.evil.example)",
    ],
)
def test_an_address_is_broken_where_nobody_sees_it(text: str) -> None:
    for shown in (markdown(text), label(text)):
        assert "\u2060" in shown
        assert shown.replace("\u2060", "").replace("\\", "") == text


@pytest.mark.parametrize("text", ["toy@127.0.0.1:80", "a@b", "wwwx", "http", "me @ home", "1 < 2"])
def test_what_is_no_address_stays_as_it_is(text: str) -> None:
    assert markdown(text).replace("\\", "") == text


@pytest.mark.parametrize("name", ["my_docs v1.2", "Acme (2026) - final!", "#1 + #2", "Ünïcode"])
def test_a_label_has_no_backslash_that_is_not_needed(name: str) -> None:
    assert label(name) == name
    assert label("*a* _b_ [c](d) :red[e] `f` $g$") == r"\*a\* \_b\_ \[c\](d) \:red\[e\] \`f\` \$g\$"


def test_the_question_is_labelled_with_the_name_as_it_is() -> None:
    def page() -> None:
        import streamlit as st

        from ui.panels.question_box import question

        question(st.session_state["choice"])

    at = AppTest.from_function(page)
    at.session_state["choice"] = SidebarState(collection="my_docs", policy=Policy(), owner="me")
    at.run()
    assert not at.exception
    assert at.text_input(key="q").label == "Question (to: my_docs)"


FIELDS = {"slider", "select_slider", "selectbox", "multiselect", "text_input", "text_area", "number_input"}
"""Widgets whose label a screen reader reads as it is written; that of a button is read as it is drawn."""


def test_no_field_is_labelled_with_markdown_escapes() -> None:
    labels = [
        (path.name, node.lineno, ast.unparse(node.args[0]))
        for folder in ("ui", "pages")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in FIELDS
        and node.args
    ]
    assert len(labels) > 30
    assert [one for one in labels if "markdown(" in one[2]] == []


def test_the_style_sheet_holds_nothing_that_looks_like_a_tag() -> None:
    """A browser drops the whole sheet where it does: Streamlit has it cleaned as HTML."""
    assert "<" not in STYLE.read_text(encoding="utf-8")
