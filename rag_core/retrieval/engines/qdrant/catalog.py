"""What a collection of Qdrant looks like in a form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag_core.retrieval.engines.field_guess import guessed
from rag_core.retrieval.engines.index_config import IndexDescription, IndexFields
from rag_core.retrieval.engines.qdrant.layout import DISTANCES, Layout
from rag_core.retrieval.engines.rest.documents import names_in, sample


def described(layout: Layout, points: Sequence[Any], count: int) -> IndexDescription:
    """Its payload's fields, its vectors and these points. The point's own id is the guess for the passage's.

    A sparse vector without weights by rarity is no guess for lexical search: it was hardly made by BM25.
    """
    payloads = [one.get("payload") or {} for one in points]
    vectors = [name for name in (*layout.dense, *layout.sparse) if name]
    names = [name for one in payloads for name in names_in(one)]
    dense = next(iter(layout.dense.values()), None)
    settled = {
        "id": "",
        "vector": dense.name if dense else "",
        "lexical": next((name for name, idf in layout.sparse.items() if idf), ""),
    }
    return IndexDescription(
        names=tuple(dict.fromkeys((*names, *vectors))),
        fields=IndexFields(**guessed((name for name in names if name not in vectors), settled)),
        rows=tuple({"id": str(one["id"]), **sample(one.get("payload") or {})} for one in points),
        dimensions=dense.size if dense else 0,
        distance=DISTANCES.get(dense.distance) if dense else None,
        passages=count,
    )
