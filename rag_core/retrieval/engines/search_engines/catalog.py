"""What an index of Elasticsearch or OpenSearch looks like in a form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rag_core.retrieval.engines.field_guess import guessed, short
from rag_core.retrieval.engines.index_config import IndexDescription, IndexFields, SearchedIndex
from rag_core.retrieval.engines.rest.documents import reached
from rag_core.retrieval.engines.search_engines.layout import TEXTS, Layout
from rag_core.retrieval.engines.search_engines.scores import DISTANCES, similarity


def with_vectors(mappings: dict[str, Any]) -> tuple[SearchedIndex, ...]:
    """The indices that have vectors; those that the server keeps for itself begin with a dot."""
    layouts = {name: Layout.of({name: one}) for name, one in mappings.items() if not name.startswith(".")}
    return tuple(
        SearchedIndex(name=name, told=", ".join(layout.vectors))
        for name, layout in sorted(layouts.items())
        if layout.vectors
    )


def described(layout: Layout, hits: Sequence[Any], count: int) -> IndexDescription:
    """Its fields and these documents. The document's own `_id` is the guess for the passage's id."""
    vector = next(iter(layout.vectors), "")
    given = layout.fields.get(vector, {})
    names = [name for name in layout.names if name not in layout.vectors]
    texts = [name for name in names if layout.type(name) in TEXTS]
    settled = {"id": "", "vector": vector, "lexical": "", **({"text": texts[0]} if len(texts) == 1 else {})}
    return IndexDescription(
        names=(*names, *layout.vectors),
        fields=IndexFields(**guessed(names, settled)),
        rows=tuple({"_id": one["_id"], **_shown(one.get("_source") or {}, names)} for one in hits),
        dimensions=int(given.get("dims") or given.get("dimension") or 0),
        distance=DISTANCES.get(similarity(given)) if vector else None,
        passages=count,
    )


def _shown(source: dict[str, Any], names: Iterable[str]) -> dict[str, str]:
    return {name: short(reached(source, name)) for name in names}
