"""What each bar of the time line is called, and what was done or spared in it, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rag_core.analysis.bar_notes import ByModel, Came, ExtraFound, Plain, Rewrote, Scored, ShareOf, Unscored
from rag_core.analysis.latency import Bar, Lane

LANES: dict[Lane, str] = {
    "embed": "Embed the query",
    "dense": "Dense search",
    "lexical": "Lexical search",
    "rewrite": "Rewrite the question",
    "extra": "Extra search: {name}",
    "fuse": "Fuse",
    "first_pass": "First pass",
    "rerank": "Rerank",
    "adjust": "Signals",
    "select": "Threshold and top-k",
    "answer": "Answer",
    "recorded": "{name}",
    "bi-encoder": "Load the bi-encoder",
    "first_pass reranker": "Load the first pass's reranker",
    "reranker": "Load the reranker",
}
EXTRA_SEARCHES, ALL_BEFORE = "Extra searches", "All before the answer"
"""What a table of many runs says of several bars together."""

WHOLE: dict[Lane, str] = {"first_pass": "the first pass", "rerank": "reranking"}
"""What a share is of."""


def bar_label(bar: Bar) -> str:
    """`Dense search`, `Extra search: acme`, `Rerank: tokenise`."""
    label = bar.name if bar.lane == "recorded" else LANES[bar.lane].replace("{name}", bar.name)
    return f"{label}: {bar.part}" if bar.part else label


def bar_note(bar: Bar) -> str:
    """`3 pairs, 1 batch, 120 tokens; 1 of 4 pairs from the cache`; empty where there is nothing to say."""
    if isinstance(bar.note, ShareOf):
        return f"{bar.note.share:.0%} of {WHOLE[bar.lane]}"
    return _NOTES[type(bar.note)](bar.note)


def _came(note: Came) -> str:
    return f"{note.count} {note.called}"


def _rewrote(note: Rewrote) -> str:
    """`2 queries by llama3.2, 84 + 20 tokens`"""
    if note.failed:
        return "failed"
    counts = (note.prompt_tokens, note.completion_tokens)
    tokens = "" if None in counts else f", {counts[0]} + {counts[1]} tokens"
    return f"{note.queries} {'query' if note.queries == 1 else 'queries'} by {note.model}{tokens}"


def _extra_found(note: ExtraFound) -> str:
    parts = [
        f"{note.only} list" if note.only else "",
        "" if note.found is None else f"{note.found} found",
        "shares an embedding" if note.shares else "",
    ]
    return "; ".join(part for part in parts if part)


def _scored(note: Scored) -> str:
    spared = f"{note.cached} of {note.all} pairs from the cache"
    if not note.pairs:
        return spared
    counts = {"pair": note.pairs, "batch": note.batches, "token": note.tokens}
    work = ", ".join(_count(number, word) for word, number in counts.items() if number)  # stored vectors are not read
    return f"{work}; {spared}" if note.cached else work


def _count(number: int, word: str) -> str:
    plural = {"batch": "batches"}.get(word, f"{word}s")
    return f"{number:,} {word if number == 1 else plural}"


_UNSCORED = {"off": "off", "failed": "did not run", "idle": "nothing to score"}
_PLAIN = {
    "unknown": "“I don't know”",
    "signals-off": "off: order by relevance",
    "once": "once per process, not in the run's time",
}
_NOTES: dict[type, Callable[[Any], str]] = {
    ByModel: lambda note: note.model,
    Came: _came,
    Rewrote: _rewrote,
    ExtraFound: _extra_found,
    Scored: _scored,
    Unscored: lambda note: _UNSCORED[note.why],
    Plain: lambda note: _PLAIN.get(note.what, note.what),
}
