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


def sentence(trace: Trace) -> str:
    """What the extra searches changed, in words: `2 of the 5 kept passages were found by an extra search alone.`"""
    kept = [hit.passage_id for hit in trace.kept_step.hits]
    main = {passage_id for step in trace.steps[:2] for passage_id in step.by_passage}
    alone = sum(passage_id not in main for passage_id in kept)
    if not kept:
        return "Nothing was kept."
    who = "an extra search" if len(trace.extra_searches) == 1 else "the extra searches"
    return f"{alone or 'None'} of the {len(kept)} kept passages {'was' if alone == 1 else 'were'} found by {who} alone."
