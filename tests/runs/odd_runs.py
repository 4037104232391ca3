"""Recorded runs, each of another shape, as other people's pipelines send them."""

from __future__ import annotations

from typing import Any

from rag_core.runs.run import Run
from rag_core.runs.sent import run_from

Raw = dict[str, Any]
WHEN = "2026-01-01T12:00:00Z"


def hits(names: str, scores: tuple[float, ...] = (), texts: bool = True) -> list[Raw]:
    """A hit for each letter, with its text and its score where they are wanted."""
    rows: list[Raw] = [{"passage_id": one} | ({"text": f"Passage {one} says so."} if texts else {}) for one in names]
    return [row | {"score": score} for row, score in zip(rows, scores, strict=True)] if scores else rows


def step(name: str, kind: str, found: list[Raw], *inputs: str, **more: Any) -> Raw:
    """A step that took 5 ms."""
    return {"name": name, "kind": kind, "hits": found, "inputs": inputs, "timing": {"took_ms": 5.0}} | more


DENSE = step("dense", "search", hits("abcde", (0.9, 0.8, 0.7, 0.6, 0.5)), space="cosine")
WORDS = step("words", "search", hits("cafg", (9.0, 7.0, 3.0, 1.0)), space="bm25")
TITLES = step("titles", "search", hits("gh", (2.0, 1.0)), space="dot")
FUSED = step(
    "fusion", "fusion", hits("cabdefg", (0.3, 0.2, 0.15, 0.12, 0.1, 0.05, 0.01)), "dense", "words", space="rrf"
)
LARGE = step("large model", "rerank", hits("bca", (3.0, 1.0, -2.0)), "fusion", space="logit", model="acme/rerank-3")

ODD: dict[str, list[Raw]] = {
    "each search reranked, then fused": [
        DENSE,
        step("first", "rerank", hits("cbade", (0.9, 0.8, 0.7, 0.6, 0.5)), "dense", space="probability"),
        TITLES,
        step("second", "rerank", hits("hg", (0.9, 0.8)), "titles", space="probability"),
        step("both", "fusion", hits("chbgade"), "first", "second"),
        step("kept", "select", hits("ch"), "both"),
    ],
    "one search": [DENSE],
    "dense and a reranker": [
        DENSE,
        step("rerank", "rerank", hits("cab", (0.9, 0.4, 0.1)), "dense", space="probability"),
    ],
    "three searches, fusion, two rerankers": [
        DENSE,
        WORDS,
        TITLES,
        step("fusion", "fusion", hits("cabdefgh", (8, 7, 6, 5, 4, 3, 2, 1)), "dense", "words", "titles"),
        step("small model", "rerank", hits("acbd", (0.5, 0.4, 0.3, 0.2)), "fusion"),
        step("large model", "rerank", hits("dca", (0.9, 0.8, 0.7)), "small model"),
        step("kept", "select", hits("dc", (0.9, 0.8)), "large model"),
    ],
    "a fused list without its searches": [{**FUSED, "inputs": []}, LARGE],
    "no texts": [step("search", "search", hits("abc", (3, 2, 1), texts=False)), step("kept", "select", hits("a"))],
    "ranks only": [step("search", "search", hits("abcd")), step("rerank", "rerank", hits("dab"), "search")],
    "distances": [step("search", "search", hits("abc", (0.1, 0.4, 0.9)), space="distance")],
    "missing times": [
        {key: value for key, value in one.items() if key != "timing"} for one in (DENSE, WORDS, FUSED, LARGE)
    ],
    "two searches that nothing fused": [DENSE, WORDS],
    "a reranker whose input was not recorded": [step("rerank", "rerank", hits("ba", (0.8, 0.3)), model="acme")],
    "rules after reranking, one passage kept": [
        DENSE,
        WORDS,
        FUSED,
        LARGE,
        step("boost", "adjust", hits("abc", (5.0, 4.0, 3.0)), "large model", space="combined"),
        step("answer from", "select", hits("a", (5.0,)), "boost", space="combined"),
    ],
    "nothing found": [step("search", "search", [])],
}


def odd_run(name: str) -> Run:
    """The run of that name; each was answered."""
    return run_from(
        {
            "project": "support bot",
            "query": "What does it say?",
            "steps": ODD[name],
            "answer": "It says so.",
            "id": "1",
            "started_at": WHEN,
        }
    )
