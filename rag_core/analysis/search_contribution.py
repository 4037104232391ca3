"""How much each search of a run brought: candidates, candidates that no other search found, places in the pool and
among the kept. Read from the trace; which search brought one candidate is `Trace.found_by`.
"""

from __future__ import annotations

from rag_core.schema.base import Frozen
from rag_core.schema.trace import Trace


class SearchShare(Frozen):
    """What one search brought, in candidates. `only`: found by no other search; `kept_only`: kept, and only its own."""

    name: str
    found: int
    only: int
    pooled: int
    kept: int
    kept_only: int


def search_shares(trace: Trace) -> tuple[SearchShare, ...]:
    """A share per search, the main one first. A candidate counts for every search that found it."""
    pool = {hit.passage_id for hit in trace.pool}
    kept = set(trace.kept_step.by_passage)
    by_search = {
        name: {passage_id for step in lists for passage_id in step.by_passage} for name, lists in trace.searches.items()
    }
    told = []
    for name, found in by_search.items():
        others = set().union(*(ids for other, ids in by_search.items() if other != name))
        only = found - others
        told.append(
            SearchShare(
                name=name,
                found=len(found),
                only=len(only),
                pooled=len(found & pool),
                kept=len(found & kept),
                kept_only=len(only & kept),
            )
        )
    return tuple(told)
