"""How much each search of a run brought: candidates, candidates that no other search found, places in the pool and
among the kept. Read from the trace; which search brought one candidate is `Trace.found_by`.
"""

from __future__ import annotations

from rag_core.trace import Trace
from rag_core.types import Frozen, StageName


class Share(Frozen):
    """What one search brought, in candidates. `only`: found by no other search; `kept_only`: kept, and only its own."""

    name: str
    found: int
    only: int
    pooled: int
    kept: int
    kept_only: int


def shares(trace: Trace) -> tuple[Share, ...]:
    """A share per search, the main one first. A candidate counts for every search that found it."""
    pool = {hit.chunk_id for hit in trace.pool}
    kept = set(trace[StageName.KEPT].by_chunk)
    by_search = {
        name: {chunk_id for stage in lists for chunk_id in stage.by_chunk} for name, lists in trace.searches.items()
    }
    told = []
    for name, found in by_search.items():
        others = set().union(*(ids for other, ids in by_search.items() if other != name))
        only = found - others
        told.append(
            Share(
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
    kept = [hit.chunk_id for hit in trace[StageName.KEPT].hits]
    main = {chunk_id for stage in trace.stages[:2] for chunk_id in stage.by_chunk}
    alone = sum(chunk_id not in main for chunk_id in kept)
    if not kept:
        return "Nothing was kept."
    who = "an extra search" if len(trace.extras) == 1 else "the extra searches"
    return f"{alone or 'None'} of the {len(kept)} kept passages {'was' if alone == 1 else 'were'} found by {who} alone."
