"""What a class of Weaviate looks like in a form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag_core.retrieval.engines.field_guess import guessed
from rag_core.retrieval.engines.index_config import IndexDescription, IndexFields
from rag_core.retrieval.engines.rest.documents import sample
from rag_core.retrieval.engines.weaviate.layout import DISTANCES, OBJECT, PLAIN, Layout


def described(layout: Layout, rows: Sequence[tuple[str, Any]], size: int, count: int) -> IndexDescription:
    """Its properties, its vectors and these objects. The object's own id is the guess for the passage's."""
    names = [name for name, kind in layout.types.items() if kind in (*PLAIN, OBJECT)]
    vector = next(iter(layout.vectors), "")
    objects = {one: {name: value for name, value in row.items() if name != "_additional"} for one, row in rows}
    return IndexDescription(
        names=tuple(dict.fromkeys((*names, *filter(None, layout.vectors)))),
        fields=IndexFields(**guessed(names, {"id": "", "vector": vector})),
        rows=tuple({"id": one, **sample(row)} for one, row in objects.items()),
        dimensions=size,
        distance=DISTANCES.get(layout.vectors.get(vector, "")),
        passages=count,
    )
