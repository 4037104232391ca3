"""Whether a filter can be asked of what is searched: told before anything is sent, rather than nothing being found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from rag_core.corpus.collection import Collection
from rag_core.errors import BadInput
from rag_core.rerank.checks import beginning
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.schema.documents import Passage
from rag_core.schema.filters import OWN_FIELDS, Dated, Filter, field_of

MOST_NAMED = 20
"""Fields that a refusal names at most."""

SHOWN = 40
"""Characters that it shows of a value."""


def check_filter(where: Filter | None, searched: object) -> None:
    """Raises BadInput for a condition that the index cannot translate or is connected without, and for a field that no
    passage has.

    Which other fields a connected index has is its own to say, so there they are not looked for; nor are any in what is
    searched in another way.
    """
    if where is None:
        return
    if isinstance(searched, ConnectedCollection):
        searched.check_filter(where)
    elif isinstance(searched, Collection) and (unknown := unknown_fields(where, searched)):
        raise BadInput(unknown)


def check_filters(every: Iterable[Filter | None], searched: object) -> None:
    """Raises as `check_filter`, for the first of these that it raises for."""
    for where in every:
        check_filter(where, searched)


def unknown_fields(where: Filter | None, searched: Collection) -> str:
    """What is said of the fields of a filter that no document has, or in which none has a day although the filter asks
    for days; empty where there is none such."""
    if where is None:
        return ""
    asked = {leaf.field for leaf in where.leaves if leaf.field not in OWN_FIELDS}
    kinds = searched.kinds()
    known = {name for kind in kinds for name in kind.metadata}
    unknown = sorted(asked - known)
    if not unknown:
        return _without_days(where, kinds, searched.ref.name)
    fields = [*OWN_FIELDS, *sorted(known)]
    near = get_close_matches(unknown[0], fields, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    named = ", ".join(fields[:MOST_NAMED]) + (" and others" if len(fields) > MOST_NAMED else "")
    told = " or ".join(f"“{one}”" for one in unknown)
    return f"No document of {searched.ref.name} has a field {told}.{meant} There are: {named}."


def _without_days(where: Filter, kinds: Sequence[Passage], name: str) -> str:
    """What is said of the first field of the filter's days in which no document has a day."""
    dated = {leaf.field for leaf in where.leaves if isinstance(leaf, Dated)}
    for field in sorted(dated - (set(OWN_FIELDS) - {"source", "tenant"})):
        if not any(Dated(field=field).matches(kind) for kind in kinds):
            values = sorted({beginning(str(field_of(kind, field) or ""), SHOWN) for kind in kinds} - {""})
            told = " or ".join(f"“{one}”" for one in values[:3])
            has = f"; it has values such as {told}" if told else ""
            return f"No document of {name} has a day such as 2026-03-14 in “{field}”{has}."
    return ""
