"""Text from documents is escaped, whatever is marked in it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.marking import marked, spans_of_terms
from ui.views import emphasised, markdown


def stripped(markup: str) -> str:
    """The text that a browser would show."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


@given(st.text(max_size=80), st.lists(st.text(min_size=1, max_size=6), max_size=4), st.none() | st.integers(-5, 90))
def test_every_character_stands_and_none_is_markup(text, terms, seen):
    markup = marked(text, spans_of_terms(text, terms), seen)
    assert stripped(markup) == text
    left = re.sub(r"</?mark>|<span class=\"sp-unseen\" title=\"[^\"]*\">|</span>", "", markup)
    assert "<" not in left and ">" not in left


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["refund"], "<mark>Refund</mark>s of prerefund"),
        (["re", "refund"], "<mark>Refund</mark>s of prerefund"),
        ([], "Refunds of prerefund"),
    ],
)
def test_terms_are_marked_at_the_start_of_a_word(terms, expected):
    text = "Refunds of prerefund"
    assert marked(text, spans_of_terms(text, terms)) == expected


def test_what_was_not_seen_is_greyed_and_not_marked():
    markup = marked("seen unseen", [(0, 4), (5, 11)], seen=5)
    assert markup.startswith("<mark>seen</mark> <span class=") and markup.endswith(">unseen</span>")


def test_emphasis_adds_only_its_own_tags():
    assert emphasised(html.escape("**45 days** and `x` <b>")) == "<b>45 days</b> and <code>x</code> &lt;b&gt;"


def test_markdown_shows_names_literally():
    assert markdown("a_b [x](y)") == r"a\_b \[x\]\(y\)"
