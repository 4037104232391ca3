"""The shapes in which other programs write documents as JSON: LangChain, Haystack, LlamaIndex, Chroma, API replies,
data frames, exports of databases.

All become a list of flat objects: one a document, with the keys of its metadata beside its text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag_core.corpus.readers.base import left_out
from rag_core.corpus.readers.json_values import typed_row, unwrapped
from rag_core.schema.files import FileNote

_LISTS = ("documents", "data", "items", "records", "results", "articles", "docs", "hits", "entries", "pages", "rows")
_NESTED = ("metadata", "meta", "extra_info", "payload", "row", "fields", "attributes", "node")
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
    shaped = _docstore(value) or _columns(value) or _frame(value) or _by_key(value)
    if shaped:
        return shaped
    return _inner(value, "", 0) or ([value], [])


def objects(items: Sequence[object]) -> list[object]:
    """The items of a list, each as an object where all of them are texts, or rows below a header.

    >>> objects(["a", "b"]), objects([["title", "text"], ["A", "a"]])
    ([{'text': 'a'}, {'text': 'b'}], [{'title': 'A', 'text': 'a'}])
    """
    if items and all(isinstance(one, str) for one in items):
        return [{"text": one} for one in items]
    header, rows = (items[0], items[1:]) if items else ([], [])
    table = _table(header, rows) if isinstance(header, list) else []
    return table or list(items)


def _table(names: Sequence[object], rows: Sequence[object]) -> list[object]:
    """Rows of as many values as there are names, as objects; none where they are no table."""
    fitting = [row for row in rows if isinstance(row, list) and len(row) == len(names)]
    if not fitting or len(fitting) < len(rows) or not _is_header(names):
        return []
    return [dict(zip(names, row, strict=True)) for row in fitting]


def _is_header(names: Sequence[object]) -> bool:
    texts = [one for one in names if isinstance(one, str) and one.strip()]
    return len(texts) == len(names) == len(set(texts)) > 0


def without_actions(lines: Sequence[tuple[int, object]]) -> list[tuple[int, object]]:
    """Lines as search engines take them in bulk, an action before each document: the documents, with the actions' ids.

    >>> without_actions([(1, {"index": {"_id": "7"}}), (2, {"text": "a"})])
    [(2, {'_id': '7', 'text': 'a'})]
    """
    kept: list[tuple[int, object]] = []
    action: Object | None = None
    for number, value in lines:
        if action is not None and isinstance(value, dict):
            document = value["doc"] if isinstance(value.get("doc"), dict) else value
            kept.append((number, {"_id": action.get("_id"), **document}))
            action = None
        else:
            action = _action(value)
            if action is None:
                kept.append((number, value))
            elif isinstance(value, dict) and "delete" in value:
                action = None
    return kept


def _action(value: object) -> Object | None:
    """What a line of a bulk file says of the next one; None for another line."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((name, told),) = value.items()
    known = name in ("index", "create", "update", "delete") and isinstance(told, dict)
    return told if known and all(key.startswith("_") or key in _ROUTES for key in told) else None


_ROUTES = ("routing", "pipeline", "require_alias", "retry_on_conflict", "dynamic_templates")


def unfolded(row: Mapping[str, Any]) -> Object:
    """One document as a flat object; its own keys win over those of its metadata, and vectors are left out.

    >>> unfolded({"page_content": "Hi", "metadata": {"source": "a.md"}, "embedding": [0.5] * 384})
    {'page_content': 'Hi', 'source': 'a.md'}
    """
    row = typed_row(row)
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
            inner = {key: unwrapped(one) for key, one in value.items() if key not in row and not _is_vector(one)}
            flat.update(inner)
        elif not _is_vector(value):
            flat[name] = unwrapped(value)
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


def _frame(value: Object) -> tuple[list[object], list[FileNote]] | None:
    """A data frame of pandas: names and rows apart (`split`), or a column after the other (`columns`)."""
    names, rows = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(rows, list) and (table := _table(names, rows)):
        return table, []
    columns = [one for one in value.values() if isinstance(one, dict) and one]
    if len(columns) < len(value) or not columns or not all(key.isdigit() for one in columns for key in one):
        return None
    places = dict.fromkeys(key for one in columns for key in one)
    return [{name: column.get(place) for name, column in value.items()} for place in places], []


def _by_key(value: Object) -> tuple[list[object], list[FileNote]] | None:
    """Documents by their keys, as Firebase exports them: objects that share a field which is a text."""
    rows = [one for one in value.values() if isinstance(one, dict)]
    if len(rows) < max(len(value), 2):
        return None
    shared = set.intersection(*(set(row) for row in rows))
    if not any(all(isinstance(row[name], str) for row in rows) for name in shared):
        return None
    return [row if _IDS & row.keys() else {"_id": key, **row} for key, row in value.items()], []


_IDS = {"_id", "id"}


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
