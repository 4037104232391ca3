"""pgvector's approximate indexes: what makes them find as many rows as are asked for, and how they search, in words."""

from __future__ import annotations

import math
import re

from rag_core.retrieval.engines.index_config import Distance, IndexConfig
from rag_core.retrieval.engines.postgres.layout import Layout

BREADTH = 1000
"""pgvector's greatest `hnsw.ef_search`."""


def settings(layout: Layout, config: IndexConfig, version: tuple[int, ...], depth: int) -> list[str]:
    """What makes the index find so many, also under a filter; or what turns it off. `version`: pgvector's."""
    if config.exact:
        return ["SET LOCAL enable_indexscan = off", "SET LOCAL enable_indexonlyscan = off"]
    kinds, made = _kinds(layout), []
    if "hnsw" in kinds:
        made.append(f"SET LOCAL hnsw.ef_search = {_breadth(layout, depth)}")
    if "ivfflat" in kinds:
        made.append(f"SET LOCAL ivfflat.probes = {_probes(layout)}")
    if version >= (0, 8):
        made += ["SET LOCAL hnsw.iterative_scan = strict_order"] * ("hnsw" in kinds)
        made += ["SET LOCAL ivfflat.iterative_scan = relaxed_order"] * ("ivfflat" in kinds)
    return made


def told(layout: Layout, config: IndexConfig, distance: Distance, depth: int) -> str:
    """Which index the nearest rows by this distance may come from; empty where there is none, or it is not used:
    searched exactly. The planner may compare every row all the same."""
    kinds = frozenset[str]() if config.exact else layout.approximate(config.fields.vector, distance)
    words = {"hnsw": f"HNSW, breadth {_breadth(layout, depth)}", "ivfflat": f"IVFFlat, {_probes(layout)} probes"}
    return " or ".join(words[one] for one in sorted(kinds))


def _kinds(layout: Layout) -> set[str]:
    return {match[1] for one in layout.indexes if (match := re.search(r"USING (hnsw|ivfflat) ", one))}


def _breadth(layout: Layout, depth: int) -> int:
    """Twice the depth, and more in a large table, as a graph's misses grow with it."""
    return min(BREADTH, max(100, 2 * depth, math.isqrt(max(0, layout.rows)) // 2))


def _probes(layout: Layout) -> int:
    return max(10, math.isqrt(max(0, layout.rows)) // 30)
