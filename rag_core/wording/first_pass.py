"""A first pass in words: which reranker, over how many, and what the searches add to its scores."""

from __future__ import annotations

from collections.abc import Mapping

from rag_core.schema.first_pass import FirstPass

NAMES = {"dense": "cosine", "lexical": "lexical share"}
"""What each search adds, by the weight's field. The share is of the best lexical score, whichever space that has."""


def first_pass_text(first_pass: FirstPass) -> str:
    """`late-interaction over 100 + 0.3 cosine + 0.1 lexical share`; without what adds nothing."""
    return " ".join([f"{first_pass.reranker} over {first_pass.pool}", *_added(first_pass)])


def added_text(first_pass: FirstPass) -> str:
    """` + 0.3 cosine + 0.1 lexical share`; empty where the searches add nothing."""
    return "".join(f" {one}" for one in _added(first_pass))


def sum_text(parts: Mapping[str, float], first_pass: FirstPass) -> str:
    """What a score of the first pass is the sum of: `maxsim 0.52 + 0.2 cosine 0.61 + 0.1 lexical share 0.70`."""
    own = [f"{name} {score:.2f}" for name, score in parts.items() if name not in NAMES]
    added = [f"{weight:g} {NAMES[one]} {parts[one]:.2f}" for one, weight in _weights(first_pass).items()]
    return " + ".join([*own, *added])


def _added(first_pass: FirstPass) -> list[str]:
    return [f"+ {weight:g} {NAMES[one]}" for one, weight in _weights(first_pass).items()]


def _weights(first_pass: FirstPass) -> dict[str, float]:
    """The weights that are not 0, by their fields."""
    return {one: weight for one in NAMES if (weight := getattr(first_pass, one))}
