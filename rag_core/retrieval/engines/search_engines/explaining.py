"""How Lucene comes to a score: the tree that a search with `explain` gives with each hit.

{"value": 1.9, "description": "sum of:", "details": [{"value": 1.2, "description": "weight(...)", "details": []}, ...]}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag_core.errors import EngineError
from rag_core.retrieval.engines.score_parts import ScorePart

OF_A_FILTER = "match on required clause"
"""How Lucene's description of a filter begins, which adds nothing."""


def explanation(hits: Sequence[Mapping[str, Any]]) -> ScorePart | None:
    """The score of the only hit, without what the filter on its id adds to the tree; None without a hit. Raises
    EngineError where the server does not explain it."""
    if not hits:
        return None
    try:
        found = _part(hits[0]["_explanation"])
    except (KeyError, TypeError, ValueError) as exc:
        raise EngineError("The server gave no explanation of the score, or one of another shape.") from exc
    return found.parts[0] if len(found.parts) == 1 and found.parts[0].value == found.value else found


def _part(given: Mapping[str, Any]) -> ScorePart:
    details = [one for one in given.get("details", []) if not one["description"].startswith(OF_A_FILTER)]
    return ScorePart(
        value=float(given["value"]), text=str(given["description"]), parts=tuple(_part(one) for one in details)
    )
