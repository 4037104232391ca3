"""Text from documents is escaped, whatever is marked in it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.report.escaped import emphasised
from rag_core.retrieval.tokenize import term_spans, tokenize
from ui.panels.marking import marked
from ui.panels.views import markdown


def stripped(markup: str) -> str:
    """The text that a browser would show."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


WORDY = st.text("<>&'\"/ -.opsREf東京4", max_size=80) | st.text(max_size=80)


@given(WORDY, st.data(), st.none() | st.integers(-5, 90))
def test_every_character_stands_and_none_is_markup(text, data, seen):
    terms = data.draw(st.sets(st.sampled_from(sorted(set(tokenize(text))) or ["none"])))
    markup = marked(text, term_spans(text, terms), seen)
    assert stripped(markup) == text
    left = re.sub(r"</?mark>|<span class=\"sp-unseen\" title=\"[^\"]*\">|</span>", "", markup)
    assert "<" not in left and ">" not in left


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("refund", "Refunds of prerefund", "<mark>Refunds</mark> of prerefund"),
        ("ops", "Ops is optional", "<mark>Ops</mark> is optional"),
        ("issued", "Issues are issuing", "<mark>Issues</mark> are <mark>issuing</mark>"),
        ("what is it", "it is what it is", "it is what it is"),
        ("ERR-2847", "see KB-ERR-2847-fatal", "see KB-<mark>ERR</mark>-<mark>2847</mark>-fatal"),
    ],
)
def test_the_words_that_lexical_search_counted_are_marked_and_no_others(query, text, expected):
    assert marked(text, term_spans(text, frozenset(tokenize(query)))) == expected


@given(WORDY, st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=5))
def test_spans_that_overlap_or_reach_beyond_the_text_break_nothing(text, spans):
    assert stripped(marked(text, sorted((min(pair), max(pair)) for pair in spans))) == text


def test_what_was_not_seen_is_greyed_and_not_marked():
    markup = marked("seen unseen", [(0, 4), (5, 11)], seen=5)
    assert markup.startswith("<mark>seen</mark> <span class=") and markup.endswith(">unseen</span>")


def test_emphasis_adds_only_its_own_tags():
    assert emphasised(html.escape("**45 days** and `x` <b>")) == "<b>45 days</b> and <code>x</code> &lt;b&gt;"


def test_markdown_shows_names_literally():
    assert markdown("a_b [x](y)") == r"a\_b \[x\]\(y\)"
