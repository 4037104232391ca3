"""Which field of an index is which part of a passage, guessed from names. A form shows it, and it can be corrected.

guessed(["id", "document", "cmetadata", "cmetadata.source"])["text"]     "document"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rag_core.retrieval.engines.llama_index_nodes import NODE, TEXT_PLACES

NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "langchain_id", "uuid", "chunk_id", "passage_id", "node_id", "_id", "key"),
    "text": ("text", "content", "document", "page_content", "body", "chunk", "chunk_text", "passage", "chunk_content"),
    "title": ("title", "document_title", "name", "heading", "headline", "subject", "file_name", "filename"),
    "vector": ("embedding", "vector", "embeddings", "dense", "dense_vector", "text_embedding"),
    "metadata": ("cmetadata", "langchain_metadata", "metadata", "metadata_", "meta", "attributes", "payload"),
    "document": (
        "document_id", "doc_id", "documentid", "docid", "ref_doc_id", "parent_id", "file_id", "source_id", "url",
        "path", "file_path", "source",
    ),
    "source": ("source_type", "kind", "category", "doc_type", "document_type", "origin", "type"),
    "language": ("language", "lang", "locale"),
    "updated": (
        "updated_at", "updated", "modified_at", "modified", "last_modified", "last_modified_date", "published_at",
        "published", "date", "created_at", "created",
    ),
    "tenant": (
        "tenant", "tenant_id", "customer", "customer_id", "org_id", "organization_id", "organisation_id", "account_id",
        "workspace_id",
    ),
}  # fmt: skip
"""What the parts of a passage are often called, the surest first. LangChain's `source` is a file: its document."""

AT_THE_TOP = ("id", "text", "vector", "metadata")
IN_NODE = [f"{NODE}.{place}" for place in TEXT_PLACES]


def guessed(names: Iterable[str], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """The field of each part, as far as a name says it. `known`: parts that the types of the fields settle.

    A field inside another is named `meta.title`; its last part counts, after those at the top. Id, text, vector and
    metadata are at the top where any field there may be it, but for LlamaIndex's node. No field is two parts.

    >>> guessed(["id", "document", "meta", "meta.source", "meta.title", "meta.text"])
    {'id': 'id', 'text': 'document', 'title': 'meta.title', 'metadata': 'meta', 'document': 'meta.source'}
    """
    there = sorted(names, key=lambda name: "." in name)
    found = dict(known or {})
    if "text" not in (*there, *found):
        found |= [("text", name) for name in there if name in IN_NODE]
    for part, often in NAMES.items():
        if part in found:
            continue
        free = [name for name in there if name not in found.values()]
        top = [name for name in free if "." not in name] if part in AT_THE_TOP else []
        if name := _first(top, often) or _first(free, often):
            found[part] = name
    return found


def _first(free: list[str], often: tuple[str, ...]) -> str:
    """The field with the surest name; empty where none has one."""
    for wanted in often:
        for name in free:
            if name.rpartition(".")[2].lower() == wanted:
                return name
    return ""


def short(value: object, most: int = 120) -> str:
    """A value of a sample row as a form shows it: one line, not long.

    >>> short("one\\ntwo"), short(None), short([0.25] * 384)
    ('one two', '', '[0.25, 0.25, 0.25, … 384 numbers]')
    """
    if value is None:
        return ""
    if isinstance(value, list) and len(value) > 3 and all(isinstance(one, float) for one in value):
        return f"[{', '.join(f'{one:.3g}' for one in value[:3])}, … {len(value)} numbers]"
    text = " ".join(str(value).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
