"""The shapes in which other programs write documents as JSON: LangChain, Haystack, LlamaIndex, Chroma, API replies.

All become a list of flat objects: one a document, with the keys of its metadata beside its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag_core.corpus.readers.base import left_out
from rag_core.schema.files import FileNote

_LISTS = ("documents", "data", "items", "records", "results", "articles", "docs", "hits", "entries", "pages", "rows")
_NESTED = ("metadata", "meta", "extra_info")
_DOCSTORE = "docstore/data"
_VECTOR = 16
"""A list of so many numbers is a vector that a model made, and no fact."""
_DEEPEST = 4

Object = dict[str, Any]


def listed(value: object) -> tuple[list[object], list[FileNote]]:
    """The documents of a JSON value, and notes of what stands beside them: a list as it is, the one list of objects
    within an object, or the object itself.

    >>> listed({"status": "ok", "reply": {"articles": [{"text": "a"}]}})[0]
    [{'text': 'a'}]
    """
    if isinstance(value, list):
        return value, []
    if not isinstance(value, dict):
        return [], []
    shaped = _docstore(value) or _columns(value)
    if shaped:
        return shaped
    return _inner(value, "", 0) or ([value], [])


def unfolded(row: Mapping[str, Any]) -> Object:
    """One document as a flat object; its own keys win over those of its metadata, and vectors are left out.

    >>> unfolded({"page_content": "Hi", "metadata": {"source": "a.md"}, "embedding": [0.5] * 384})
    {'page_content': 'Hi', 'source': 'a.md'}
    """
    kwargs = row.get("kwargs")
    if "lc" in row and isinstance(kwargs, dict):  # LangChain's own dump
        row = kwargs
    if isinstance(row.get("_source"), dict):  # a hit of Elasticsearch or OpenSearch
        row = {"_id": row.get("_id"), **row["_source"]}
    if isinstance(row.get("text_resource"), dict):  # a LlamaIndex document
        row = {**row, "text": row["text_resource"].get("text")}
        row = {name: value for name, value in row.items() if name not in _LLAMA}
    flat: Object = {}
    for name, value in row.items():
        if name in _NESTED and isinstance(value, dict):
            flat.update({key: one for key, one in value.items() if key not in row and not _is_vector(one)})
        elif not _is_vector(value):
            flat[name] = value
    return flat


_LLAMA = frozenset(
    {
        *("text_resource", "image_resource", "audio_resource", "video_resource", "embedding", "relationships"),
        *("metadata_template", "metadata_separator", "metadata_seperator", "text_template", "class_name", "mimetype"),
        *("excluded_embed_metadata_keys", "excluded_llm_metadata_keys", "start_char_idx", "end_char_idx"),
    }
)
"""How LlamaIndex keeps a document, beside what it says."""


def _is_vector(value: object) -> bool:
    return isinstance(value, list) and len(value) >= _VECTOR and all(type(one) in (int, float) for one in value)


def _inner(value: Object, path: str, depth: int) -> tuple[list[object], list[FileNote]] | None:
    """The list of objects within an object, at most a few levels down; None where there is none, or more than one that
    could be meant."""
    lists = {key: one for key, one in value.items() if isinstance(one, list) and one and isinstance(one[0], dict)}
    known = [key for key in _LISTS if key in lists] or [key for key in _LISTS if value.get(key) == []]
    texts = any(isinstance(one, str) and " " in one.strip() for one in value.values())
    chosen = known[0] if known else next(iter(lists)) if len(lists) == 1 and not texts else ""
    if chosen:
        return list(value[chosen]), [*_beside(value, chosen, path)]
    for key, one in value.items() if depth < _DEEPEST else ():
        found = _inner(one, f"{path}{key}.", depth + 1) if isinstance(one, dict) and key not in _NESTED else None
        if found:
            return found[0], [*_beside(value, key, path), *found[1]]
    return None


def _beside(value: Object, chosen: str, path: str) -> list[FileNote]:
    """A note of what an object holds beside its list of documents."""
    rest = {key: one for key, one in value.items() if key != chosen and one not in (None, "", [], {})}
    if not rest:
        return []
    words = ", ".join(f"{key}: {one}" for key, one in rest.items())
    return [left_out(f"{path}{', '.join(rest)}", f"It is not part of the list {path}{chosen}.", words)]


def _docstore(value: Object) -> tuple[list[object], list[FileNote]] | None:
    """The nodes of a document store of LlamaIndex."""
    nodes = value.get(_DOCSTORE)
    if not isinstance(nodes, dict):
        return None
    held = [node.get("__data__", node) for node in nodes.values() if isinstance(node, dict)]
    return [_without(node) for node in held if isinstance(node, dict)], []


def _without(node: Object) -> Object:
    kept = {name: value for name, value in node.items() if name not in _LLAMA or name == "text_resource"}
    return {"_id": kept.pop("id_", None), **kept}


def _columns(value: Object) -> tuple[list[object], list[FileNote]] | None:
    """The documents of Chroma's `get`: a list each of ids, documents and metadatas."""
    ids, texts, metadatas = (value.get(name) for name in ("ids", "documents", "metadatas"))
    if not (isinstance(ids, list) and isinstance(texts, list) and len(ids) == len(texts)):
        return None
    facts = metadatas if isinstance(metadatas, list) and len(metadatas) == len(ids) else [None] * len(ids)
    rows = [
        {"_id": one, "text": text, "metadata": fact or {}} for one, text, fact in zip(ids, texts, facts, strict=True)
    ]
    return list(rows), []
