"""What a collection's documents can be told apart by: tenants, sources, dates. Filters are
`rag_core.schema.filters`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from rag_core.schema.base import Frozen
from rag_core.schema.documents import LISTED, Document, Passage, stated_authority


class Facets(Frozen):
    """The values that a filter can choose among, sorted. A field in which all documents agree offers none.

    first, last: the earliest and latest `updated_at`; None where fewer than two days are known. authority: whether any
    document states one, which is for the signals and no filter.
    """

    tenants: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    authority: bool = False

    @property
    def any(self) -> bool:
        """True where there is anything to filter by."""
        return bool(self.tenants or self.sources or self.first)


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
    )


def _telling(values: set[str]) -> tuple[str, ...]:
    """The named values, where there are two kinds at least; those of a list each by itself."""
    each = {value for one in values for value in one.split(LISTED)}
    return tuple(sorted(each - {""})) if len(values) > 1 else ()
