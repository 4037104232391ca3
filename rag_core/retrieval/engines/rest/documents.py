"""A JSON object of somebody else's index as a passage, by the fields of the connection.

Metadata are the texts, lists of texts, numbers and truth values of the object that is named as such; without one, those
at the top that are no other part of a passage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from rag_core.errors import BadInput, MissingField
from rag_core.retrieval.engines.field_guess import short
from rag_core.retrieval.engines.index_config import IndexFields
from rag_core.retrieval.engines.llama_index_nodes import NODE, TEXT_PLACES, node_of
from rag_core.schema.base import Scalar
from rag_core.schema.days import utc_day
from rag_core.schema.documents import LISTED, Passage

Object = Mapping[str, Any]


def reached(found: object, path: str) -> Any:
    """What is at a path: a field of that very name, or one inside another; None where there is nothing.

    >>> reached({"meta": {"origin": "wiki"}, "a.b": 1}, "meta.origin"), reached({"a.b": 1}, "a.b"), reached({}, "a")
    ('wiki', 1, None)

    A node of LlamaIndex is JSON in a text: `_node_content.text` is inside it.
    """
    if not isinstance(found, Mapping) or not path:
        return None
    if path in found:
        return found[path]
    for end in range(len(path) - 1, 0, -1):
        if path[end] == "." and path[:end] in found:
            inside = found[path[:end]]
            return reached(node_of(inside) if path[:end] == NODE else inside, path[end + 1 :])
    return None


def text_of(value: object) -> str:
    """A value as text; several joined by lines.

    >>> text_of(17), text_of(None), text_of(["one", "two"])
    ('17', '', 'one\\ntwo')
    """
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(map(text_of, value))
    return str(value)


def part_of(value: object) -> str:
    """A part of a passage other than its text: of a list, its values so that a filter tells them apart."""
    return LISTED.join(map(text_of, value)) if isinstance(value, list) else text_of(value)


def passage_of(one_id: str, found: Object, fields: IndexFields) -> Passage:
    """The passage of that id."""
    text, tenant = text_of(reached(found, fields.text)), reached(found, fields.tenant)
    return Passage(
        id=one_id,
        document_id=part_of(reached(found, fields.document)) or one_id,
        start=0,
        end=len(text),
        text=text,
        title=part_of(reached(found, fields.title)),
        source=part_of(reached(found, fields.source)),
        tenant=None if tenant is None else part_of(tenant),
        updated_at=day_of(reached(found, fields.updated)),
        metadata=_metadata(found, fields),
    )


def day_of(value: object) -> date | None:
    """The day in UTC of a text that begins with one; None without one.

    >>> day_of("2026-03-14T23:30:00-05:00").isoformat(), day_of(17)
    ('2026-03-15', None)
    """
    return utc_day(value) if isinstance(value, str) else None


def _metadata(found: Object, fields: IndexFields) -> dict[str, Scalar]:
    inside = reached(found, fields.metadata) if fields.metadata else found
    before = f"{fields.metadata}." if fields.metadata else ""
    mapped = {name.removeprefix(before) for name in fields.model_dump().values() if name.startswith(before)}
    given = {name: value for name, value in inside.items() if name not in mapped} if isinstance(inside, Mapping) else {}
    kept: dict[str, Scalar] = {
        name: part_of(value) if isinstance(value, list) else value
        for name, value in given.items()
        if isinstance(value, str | int | float | bool) or _texts(value)
    }
    language = reached(found, fields.language)
    return kept if language is None else kept | {"language": part_of(language)}


def _texts(value: object) -> bool:
    """A list of texts, such as tags; one of numbers may be a vector."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def needed(found: Sequence[Object], path: str, place: str) -> None:
    """Raises MissingField where none of the objects has that field, for servers that know no schema."""
    if path and found and all(reached(one, path) is None for one in found):
        raise MissingField(place, path, dict.fromkeys(name for one in found for name in names_in(one)))


def names_in(found: Object) -> Iterable[str]:
    """The fields of an object that can be mapped: those at the top, and those one further in."""
    for name, value in found.items():
        yield name
        if isinstance(value, Mapping):
            yield from (f"{name}.{inner}" for inner in value)
        if name == NODE:
            yield from (f"{name}.{place}" for place in TEXT_PLACES if reached(node_of(value), place))


def sample(found: Object) -> dict[str, str]:
    """A row as a form shows it, each field as a short text."""
    return {name: short(reached(found, name)) for name in names_in(found)}


def within(depth: int, most: int) -> int:
    """The depth. Raises BadInput for one that the server does not give in one answer."""
    if depth > most:
        raise BadInput(f"One search returns at most {most:,} passages. Lower the depth.")
    return depth
