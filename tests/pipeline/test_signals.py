"""Freshness, authority, diversity against arithmetic that stands here."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.pipeline.signals import adjust, freshness
from rag_core.schema.policy import Signals
from tests.builders import passage

TODAY = date(2026, 10, 1)


@pytest.mark.parametrize(("days", "expected"), [(0, 1.0), (30, 1 / 2), (60, 1 / 3), (-5, 1.0)])
def test_freshness(days, expected):
    assert freshness(TODAY - timedelta(days=days), TODAY) == pytest.approx(expected)


def test_no_date_is_not_fresh():
    assert freshness(None, TODAY) == 0.0


def test_diversity_lets_another_document_pass():
    passages = {c: passage(c, document_id=d) for c, d in (("a1", "a"), ("a2", "a"), ("b1", "b"))}
    only = Signals(on=True, relevance=1, freshness=0, authority=0, diversity=0.5)
    hits = adjust([("a1", 0.9), ("a2", 0.8), ("b1", 0.7)], dict.fromkeys(passages, 0.0), passages, only, TODAY)
    assert [(h.passage_id, h.score) for h in hits] == [
        ("a1", pytest.approx(0.9 + 0.5)),
        ("b1", pytest.approx(0.7 + 0.5)),
        ("a2", pytest.approx(0.8 + 0.5 / 2)),
    ]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [({"authority": 0.7}, 0.7), ({"authority": "0.7"}, 0.7), ({"authority": "the council"}, 0.2), ({}, 0.2)],
)
def test_what_a_document_states_goes_before_what_its_source_has(metadata, expected):
    passages = {"a": passage("a", source="chat", metadata=metadata)}
    only = Signals(on=True, relevance=0, freshness=0, authority=1, diversity=0, sources=(("chat", 0.2),))
    (hit,) = adjust([("a", 0.9)], {"a": 0.0}, passages, only, TODAY)
    assert hit.parts["authority"] == hit.score == expected


def greedy(relevance, passages, signals):
    """The definition, word for word: at each place the highest final score given what is placed."""
    left, placed, order = list(relevance), {}, []
    while left:

        def final(item):
            document = passages[item[0]].document_id
            return signals.relevance * item[1] + signals.diversity / (1 + placed.get(document, 0))

        best = max(left, key=final)
        left.remove(best)
        order.append((best[0], final(best)))
        placed[passages[best[0]].document_id] = placed.get(passages[best[0]].document_id, 0) + 1
    return order


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 3)), max_size=25))
def test_placing_equals_the_greedy_definition(items):
    passages = {f"c{i}": passage(f"c{i}", document_id=f"d{doc}") for i, (_, doc) in enumerate(items)}
    relevance = [(f"c{i}", value / 100) for i, (value, _) in enumerate(items)]
    signals = Signals(on=True, relevance=1, freshness=0, authority=0, diversity=0.3)
    ours = adjust(relevance, dict.fromkeys(passages, 0.0), passages, signals, TODAY)
    assert [hit.score for hit in ours] == pytest.approx([score for _, score in greedy(relevance, passages, signals)])
