"""Passages in whatever form a framework returns them, read by their shape; no framework is imported.

    "Refunds take 30 days."   "doc-7"   7                     a text, or an id that an earlier step of the run has
    ("doc-7", 0.83)   ("doc-7", "Refunds take ...", 0.83)     id and score; id, text and score
    {"id": "doc-7", "text": "Refunds take ...", "score": 0.83}   a dict, by the usual names of its fields
    {"index": 3, "relevance_score": 0.83}                     a rerank API's result: the place in the list it read
    Document(page_content=..., metadata=...)                  LangChain, also as (document, score)
    NodeWithScore(node=..., score=...)                        LlamaIndex, also a bare node
    ScoredPoint(id=..., payload=..., score=...)               Qdrant; Haystack's Document works alike

A pair of a text with spaces and a number is taken for (text, score).
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from rag_core.runs.values import MAX_TEXT

Sent = dict[str, Any]
"""The fields of a `SentHit`, plus `index` where a result names a place instead of a passage."""

FIELDS: dict[str, tuple[str, ...]] = {
    "passage_id": ("passage_id", "id", "_id", "chunk_id", "node_id", "doc_id", "id_"),
    "text": ("text", "content", "page_content", "chunk", "body", "passage", "document"),
    "score": ("score", "relevance_score", "similarity", "_score", "distance"),
    "title": ("title",),
    "source": ("source", "file_name", "filename", "file_path", "url"),
    "document_id": ("document_id", "ref_doc_id"),
}
"""Our fields, and under which names others have them, the likeliest first."""

ALIASES = {name: (place, field) for field, names in FIELDS.items() for place, name in enumerate(names)}
INNER = ("text", "title", "source", "document_id")
"""What may stand in a passage's metadata."""

METADATA = ("metadata", "meta", "payload", "_source")
"""Where others keep further fields of a passage."""

LIMITS = {"passage_id": 1000, "text": MAX_TEXT, "title": 2000, "source": 2000, "document_id": 1000}
METADATA_FIELDS, METADATA_CHARS = 50, 1000


def hit_of(result: object) -> Sent:
    """The fields of one result. Raises TypeError for a shape that is none of the above."""
    if isinstance(result, str):
        return {"text": cleaned(result, MAX_TEXT)}
    if isinstance(result, int) and not isinstance(result, bool):
        return {"passage_id": str(result)}
    if isinstance(result, Mapping):
        return _from_fields(result)
    if isinstance(result, (tuple, list)):
        return _from_tuple(tuple(result))
    for attribute, read in SHAPES.items():
        if hasattr(result, attribute):
            return read(result)
    raise TypeError(f"a {type(result).__name__} is no passage")


def says_distance(result: object) -> bool:
    """True where a result's only score is called a distance."""
    return isinstance(result, Mapping) and next((one for one in FIELDS["score"] if one in result), "") == "distance"


def cleaned(text: str, limit: int) -> str:
    """The text as every store takes it: no lone surrogates, no NUL, not longer than the limit."""
    text = text[:limit]
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def encodable(value: Any, depth: int = 200) -> Any:
    """Parsed JSON, its texts without lone surrogates, which no store takes. Raises ValueError where it is too deep."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, (dict, list, tuple)) and not depth:
        raise ValueError("it is nested too deep")
    if isinstance(value, dict):
        return {encodable(name): encodable(one, depth - 1) for name, one in value.items()}
    return [encodable(one, depth - 1) for one in value] if isinstance(value, (list, tuple)) else value


def finite(value: object) -> float | None:
    """The number, also NumPy's or a tensor's with one element; None for what is no finite number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool):
        return None
    if not isinstance(value, numbers.Real) and hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, numbers.Real):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return None
    return number if math.isfinite(number) else None


def scalars(given: Mapping[Any, Any]) -> dict[str, str | int | float | bool]:
    """The entries that are texts, numbers or truth values, texts cut to their limit."""
    kept: dict[str, str | int | float | bool] = {}
    for name, value in given.items():
        if isinstance(value, str):
            kept[cleaned(str(name), 200)] = cleaned(value, METADATA_CHARS)
        elif isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
            kept[cleaned(str(name), 200)] = value
        if len(kept) == METADATA_FIELDS:
            break
    return kept


def _from_tuple(parts: tuple[Any, ...]) -> Sent:
    """(passage, score), (id, score), (id, text) or (id, text, score)."""
    if len(parts) == 3 and isinstance(parts[1], str):
        return _from_fields({"id": parts[0], "text": parts[1], "score": parts[2]})
    if len(parts) != 2:
        raise TypeError(f"a tuple of {len(parts)} is no passage")
    first, second = parts
    if isinstance(second, str):
        return _from_fields({"id": first, "text": second})
    if isinstance(first, (str, int)):
        name = "text" if isinstance(first, str) and " " in first.strip() else "id"
        return _from_fields({name: first, "score": second})
    return hit_of(first) | {"score": finite(second)}


def _from_fields(given: Mapping[str, Any]) -> Sent:
    """The fields of a dict; what stands in its metadata fills what it does not say itself."""
    found = _by_field(given)
    inner = next((given[one] for one in METADATA if isinstance(given.get(one), Mapping)), None)
    if isinstance(document := found.get("text"), Mapping):  # a rerank API that returns {"document": {"text": ...}}
        found["text"] = document.get("text")
    if inner:
        found = named_in(inner) | found
    hit: Sent = {"score": finite(found.get("score"))}
    for name, limit in LIMITS.items():
        if name in found and (value := cleaned(str(found[name]), limit)):
            hit[name] = value
    if inner:
        hit["metadata"] = scalars({name: one for name, one in inner.items() if one is not found.get("text")})
    if isinstance(index := given.get("index"), int) and "passage_id" not in hit and "text" not in hit:
        hit["index"] = index
    return hit


def named_in(metadata: Mapping[Any, Any]) -> Sent:
    """The title, source, document id and text that a passage's metadata gives, for every importer.

    >>> named_in({"file_path": "kb/refunds.md", "page": 3})
    {'source': 'kb/refunds.md'}
    """
    texts = {name: value for name, value in metadata.items() if isinstance(value, str) and value}
    return {name: value for name, value in _by_field(texts).items() if name in INNER}


def _by_field(given: Mapping[str, Any]) -> Sent:
    """Our fields of a dict, each under the likeliest of its names that is there."""
    found: dict[str, tuple[int, Any]] = {}
    for name, value in given.items():
        if value is not None and name in ALIASES:
            place, field = ALIASES[name]
            if field not in found or place < found[field][0]:
                found[field] = (place, value)
    return {field: value for field, (_, value) in found.items()}


def _node_with_score(result: Any) -> Sent:
    return hit_of(result.node) | {"score": finite(result.score)}


def _langchain(result: Any) -> Sent:
    fields = {"id": vars(result).get("id"), "text": result.page_content, "metadata": result.metadata}
    return _from_fields(fields)


def _node(result: Any) -> Sent:
    text = result.get_content() if hasattr(result, "get_content") else getattr(result, "text", None)
    fields = {"id": result.node_id, "text": text, "metadata": getattr(result, "metadata", None)}
    return _from_fields(fields | {"document_id": getattr(result, "ref_doc_id", None)})


def _point(result: Any) -> Sent:
    return _from_fields({"id": result.id, "score": getattr(result, "score", None), "payload": result.payload})


def _haystack(result: Any) -> Sent:
    fields = {"id": getattr(result, "id", None), "text": result.content, "metadata": getattr(result, "meta", None)}
    return _from_fields(fields | {"score": getattr(result, "score", None)})


def _rerank_result(result: Any) -> Sent:
    document = getattr(result, "document", None)
    return _from_fields({"index": result.index, "score": result.relevance_score, "document": document})


SHAPES: dict[str, Callable[[Any], Sent]] = {
    "node": _node_with_score,
    "page_content": _langchain,
    "node_id": _node,
    "payload": _point,
    "relevance_score": _rerank_result,
    "content": _haystack,
}
"""The attribute that tells a shape -> how it is read, the more special shapes first."""


def hits_of(results: Iterable[object], before: list[Sent], ids: Collection[str], wrong: list[str]) -> list[Sent]:
    """The hits of a step; what cannot be read goes to `wrong`.

    A result that names a place means that one of `before`; a text that is one of `ids` means that passage.
    """
    hits: list[Sent] = []
    for place, result in enumerate(results, start=1):
        try:
            known = isinstance(result, str) and result in ids
            hits.append({"passage_id": result} if known else _placed(hit_of(result), before))
        except Exception as exc:  # noqa: BLE001  (somebody else's objects: whatever they raise is a note)
            wrong.append(f"Result {place} is left out: {exc or type(exc).__name__}.")
    return hits


def pool_of(given: Iterable[object], ids: Collection[str]) -> list[Sent]:
    """The passages that a reranker got, without scores. Raises TypeError for one that cannot be read."""
    wrong: list[str] = []
    pool = hits_of(given, [], ids, wrong)
    if wrong:
        raise TypeError(f"of the list that it read: {wrong[0]}")
    return [{name: value for name, value in hit.items() if name != "score"} for hit in pool]


def _placed(hit: Sent, before: list[Sent]) -> Sent:
    """The hit with its passage. Raises TypeError where it has none."""
    index = hit.pop("index", None)
    if index is not None:
        if not 0 <= index < len(before):
            known = f"its index {index} is outside the list that was read, which has {len(before)}"
            raise TypeError(f"{known}; give that list with read=")
        return before[index] | hit
    if not hit.keys() & {"passage_id", "text"}:
        raise TypeError("it has neither id nor text")
    return hit
