"""The bars of the time line, as a person reads them."""

from __future__ import annotations

from typing import get_args

import pytest

from rag_core.analysis.bar_notes import BarNote, ByModel, Came, ExtraFound, Plain, Rewrote, Scored, ShareOf, Unscored
from rag_core.analysis.latency import Bar, Lane
from rag_core.wording.latency_bars import LANES, bar_label, bar_note


def bar(lane: Lane, note: BarNote | None = None, **more: str) -> Bar:
    return Bar.model_validate({"lane": lane, "started_ms": 0, "took_ms": 1, "note": note or Plain(), **more})


def test_every_lane_has_a_name() -> None:
    assert set(LANES) == set(get_args(Lane))


def test_names_of_other_people_stand_as_they_are() -> None:
    assert bar_label(bar("extra", name="a {b}")) == "Extra search: a {b}"
    assert bar_label(bar("recorded", name="my {step}")) == "my {step}"
    assert bar_label(bar("rerank", part="tokenise")) == "Rerank: tokenise"


SCORED = Scored(pairs=3, batches=1, tokens=1200, cached=0, all=3)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (ByModel(model="e5"), "e5"),
        (Came(count=7, called="candidates"), "7 candidates"),
        (Rewrote(queries=1, model="toy", failed=False, prompt_tokens=None, completion_tokens=9), "1 query by toy"),
        (
            Rewrote(queries=2, model="toy", failed=False, prompt_tokens=84, completion_tokens=20),
            "2 queries by toy, 84 + 20 tokens",
        ),
        (Rewrote(queries=0, model="toy", failed=True, prompt_tokens=1, completion_tokens=1), "failed"),
        (ExtraFound(found=2), "2 found"),
        (ExtraFound(found=None, only="lexical"), "lexical list"),
        (ExtraFound(found=2, only="dense", shares=True), "dense list; 2 found; shares an embedding"),
        (SCORED, "3 pairs, 1 batch, 1,200 tokens"),
        (SCORED.with_(batches=0, tokens=0), "3 pairs"),
        (Plain(what="unknown"), "“I don't know”"),
        (SCORED.with_(cached=1, all=4), "3 pairs, 1 batch, 1,200 tokens; 1 of 4 pairs from the cache"),
        (SCORED.with_(pairs=0, cached=3), "3 of 3 pairs from the cache"),
        (Unscored(why="idle"), "nothing to score"),
        (ShareOf(share=0.25), "25% of reranking"),
        (Plain(what="signals-off"), "off: order by relevance"),
        (Plain(what="chat"), "chat"),
        (Plain(), ""),
    ],
)
def test_a_note(note: BarNote, said: str) -> None:
    assert bar_note(bar("rerank", note)) == said
