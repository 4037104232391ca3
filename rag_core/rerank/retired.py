"""The models that earlier versions shipped, and what a link, a command or a program that still names one is told."""

from __future__ import annotations

from rag_core.rerank.shipped import BLENDED, label_of
from rag_core.schema.policy import DEFAULT_RERANKER

RETIRED = ("second-pass-minilm-v1", "second-pass-minilm-v2")


def no_longer_ships(named: str) -> str:
    """What to say of a reranker that is named by a key or a label; empty unless it is a model of an earlier version.

    no_longer_ships("second-pass-minilm-v2+late-interaction") -> "second-pass-minilm-v2 no longer ships ..."
    """
    names = {key: name for name in RETIRED for key in (name, name + BLENDED, label_of(name))}
    if named not in names:
        return ""
    return (
        f"{names[named]} no longer ships with Second Pass. What it scored stays readable, but it scores nothing new. "
        f"Choose {DEFAULT_RERANKER} or another reranker; its scores cannot be compared with the old ones."
    )
