"""What a collection's documents can be told apart by: tenants, sources, dates, fields of the metadata. Filters are
`rag_core.schema.filters`'s.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from rag_core.schema.base import Frozen, Scalar
from rag_core.schema.documents import LISTED, Document, Passage, stated_authority

MOST_VALUES = 200
"""Values of a field that are offered at most."""


class Field(Frozen):
    """A field of the metadata and its values, as texts, sorted: the first `MOST_VALUES`, where there are more."""

    name: str
    values: tuple[str, ...] = ()


class Facets(Frozen):
    """The values that a filter can choose among, sorted. A field in which all documents agree offers none.

    first, last: the earliest and latest `updated_at`; None where fewer than two days are known. authority: whether any
    document states one, which is for the signals and no filter. fields: those of the metadata, by name.
    """

    tenants: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    authority: bool = False
    fields: tuple[Field, ...] = ()

    @property
    def any(self) -> bool:
        """True where there is anything to filter by."""
        return bool(self.tenants or self.sources or self.first or self.fields)


def facets(documents: Iterable[Document | Passage]) -> Facets:
    """The facets of these documents, or of those that these passages are of. One without a tenant or source differs
    from all that have one."""
    documents = tuple(documents)
    rows = [(document.tenant or "", document.source, document.updated_at) for document in documents]
    days = sorted({day for _, _, day in rows if day})
    several = len(days) > 1
    return Facets(
        tenants=_telling({tenant for tenant, _, _ in rows}),
        sources=_telling({source for _, source, _ in rows}),
        first=days[0] if several else None,
        last=days[-1] if several else None,
        authority=any(stated_authority(document.metadata) is not None for document in documents),
        fields=_fields([document.metadata for document in documents]),
    )


def _fields(rows: Collection[Mapping[str, Scalar]]) -> tuple[Field, ...]:
    """The fields in which not all rows agree; one that a row lacks differs from all that have it."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for name, value in row.items():
            found.setdefault(name, Counter())[value if isinstance(value, str) else json.dumps(value)] += 1
    telling = {name: texts for name, texts in found.items() if len(texts) > 1 or texts.total() < len(rows)}
    return tuple(Field(name=name, values=_shown(telling[name])) for name in sorted(telling))


def _shown(texts: Iterable[str]) -> tuple[str, ...]:
    """The first of these; those of a list each by itself."""
    return tuple(sorted({each for text in texts for each in text.split(LISTED)}))[:MOST_VALUES]


def _telling(values: set[str]) -> tuple[str, ...]:
    """The named values, where there are two kinds at least; those of a list each by itself."""
    each = {value for one in values for value in one.split(LISTED)}
    return tuple(sorted(each - {""})) if len(values) > 1 else ()
