"""Whether a filter can be asked of what is searched: told before anything is sent, rather than nothing being found."""

from __future__ import annotations

from difflib import get_close_matches

from rag_core.corpus.collection import Collection
from rag_core.errors import BadInput
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.schema.filters import OWN_FIELDS, Filter

MOST_NAMED = 20
"""Fields that a refusal names at most."""


def check_filter(where: Filter | None, searched: Collection | ConnectedCollection) -> None:
    """Raises BadInput for a condition that the index cannot translate, and for a field that no passage has.

    Which other fields a connected index has is its own to say, so there they are not looked for.
    """
    if where is None:
        return
    if isinstance(searched, ConnectedCollection):
        searched.check_filter(where)
        _check_mapped(where, searched)
    elif unknown := unknown_fields(where, searched):
        raise BadInput(unknown)


def _check_mapped(where: Filter, searched: ConnectedCollection) -> None:
    """Raises BadInput for a part of a passage that the connection names no field for."""
    fields = searched.config.fields
    for field in {leaf.field for leaf in where.leaves} & set(OWN_FIELDS) - {"document_id"}:
        if not fields.of(field):
            raise BadInput(
                f"{searched.name} is connected without a field for {field}, so no passage has one. Name that field in "
                "the connection, or filter by another."
            )


def unknown_fields(where: Filter | None, searched: Collection) -> str:
    """What is said of the fields of a filter that no document has; empty where there is none such."""
    asked = {leaf.field for leaf in where.leaves if leaf.field not in OWN_FIELDS} if where else set()
    if not asked:
        return ""
    known = {name for kind in searched.kinds() for name in kind.metadata}
    unknown = sorted(asked - known)
    if not unknown:
        return ""
    fields = [*OWN_FIELDS, *sorted(known)]
    near = get_close_matches(unknown[0], fields, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    named = ", ".join(fields[:MOST_NAMED]) + (" and others" if len(fields) > MOST_NAMED else "")
    told = " or ".join(f"“{one}”" for one in unknown)
    return f"No document of {searched.ref.name} has a field {told}.{meant} There are: {named}."
