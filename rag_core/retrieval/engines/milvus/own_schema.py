"""The schema of a collection of our own in Milvus, and its rows.

Older servers have no BM25, no fields that may be empty, and no index of texts: `words=False` goes without.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from rag_core.errors import BadInput
from rag_core.retrieval.engines.index_config import IndexFields
from rag_core.retrieval.engines.milvus.journal import KEY, Journal

if TYPE_CHECKING:
    from rag_core.schema.documents import Passage

OWN_FIELDS = IndexFields(
    id="passage_id", text="text", title="title", vector="embedding", metadata="metadata", document="document_id",
    source="source", updated="updated_at", tenant="tenant", lexical="words",
)  # fmt: skip
STATE = "second_pass_state"
"""The field of the journal; empty in the row of a passage."""

READ = ("passage_id", "document_id", "title", "headings", "text", "source", "updated_at", "tenant", "metadata")
"""What a passage is made of."""

LONGEST = 65_535
"""Bytes of a text in Milvus."""

LONGEST_ID = 2000
LENGTHS = {"passage_id": LONGEST_ID, "document_id": LONGEST_ID, "digest": 64, "updated_at": 32, STATE: LONGEST} | (
    dict.fromkeys(("title", "headings", "text", "source", "tenant"), LONGEST)
)
USUAL = "standard"
"""The analyzer that every server with BM25 has."""

SPREAD = 2**31
"""Documents are spread over so many places, so that any number of them can be listed in parts."""


def schema(dimensions: int, language: str, *, words: bool) -> dict[str, Any]:
    """`schema` of the request that makes the collection."""
    texts = [_field(name, "VarChar", max_length=length) for name, length in LENGTHS.items()]
    fields = [
        {**_field("key", "VarChar", max_length=LONGEST_ID + 32), "isPrimary": True},
        *texts,
        *(_field(name, "Int64") for name in ("generation", "ordinal", "spread")),
        _field("metadata", "JSON"),
        _field("embedding", "FloatVector", dim=dimensions),
    ]
    if not words:
        return {"autoID": False, "enableDynamicField": False, "fields": fields}
    analyzed = _field(
        "searched", "VarChar", max_length=LONGEST, enable_analyzer=True, analyzer_params={"type": language}
    )
    fields += [analyzed, _field("words", "SparseFloatVector")]
    bm25 = {
        "name": "bm25",
        "type": "BM25",
        "inputFieldNames": ["searched"],
        "outputFieldNames": ["words"],
        "params": {},
    }
    return {"autoID": False, "enableDynamicField": False, "fields": fields, "functions": [bm25]}


def indexes(*, words: bool) -> list[dict[str, Any]]:
    """`indexParams` of the request that makes its indexes."""
    dense = {"fieldName": "embedding", "indexName": "embedding", "metricType": "COSINE", "indexType": "AUTOINDEX"}
    if not words:
        return [dense]
    bm25 = {"fieldName": "words", "indexName": "words", "metricType": "BM25", "indexType": "SPARSE_INVERTED_INDEX"}
    found = [{"fieldName": one, "indexName": one, "indexType": "INVERTED"} for one in ("passage_id", "document_id")]
    return [dense, bm25, *found]


def row(one: Passage, ordinal: int, digest: bytes, vector: Any, generation: int, *, words: bool) -> dict[str, Any]:
    """A passage. What it does not have is an empty text."""
    return {
        "key": f"{generation}/{one.id}",
        "passage_id": one.id,
        "document_id": one.document_id,
        "digest": digest.hex(),
        "title": one.title,
        "headings": json.dumps(one.heading_path, ensure_ascii=False),
        "text": one.text,
        "source": one.source,
        "updated_at": one.updated_at.isoformat() if one.updated_at else "",
        "tenant": one.tenant or "",
        "metadata": one.metadata,
        "generation": generation,
        "ordinal": ordinal,
        "spread": place_of(one.document_id),
        STATE: "",
        "embedding": vector.tolist(),
        **({"searched": one.model_text} if words else {}),
    }


def journal_row(journal: Journal, *, words: bool) -> dict[str, Any]:
    """The journal. Its vector has a direction, since Milvus compares by cosine; no passage has its generation."""
    empty = {**dict.fromkeys(LENGTHS, ""), "metadata": {}, "generation": 0, "ordinal": 0, "spread": 0}
    vector = [1.0, *[0.0] * (journal.made.dimensions - 1)]
    said = {"key": KEY, STATE: journal.model_dump_json(), "embedding": vector}
    return {**empty, **said, **({"searched": KEY} if words else {})}


def place_of(document: str) -> int:
    """Where a document is between 0 and `SPREAD`: by a hash of its id."""
    return int.from_bytes(sha256(document.encode()).digest()[:8]) % SPREAD


def check_writable(passages: Iterable[Passage]) -> None:
    """Raises BadInput for what Milvus cannot keep: an id or a text that is too long, or a tenant without a name."""
    for one in passages:
        if max(len(one.id.encode()), len(one.document_id.encode())) > LONGEST_ID:
            raise BadInput(f"The id {one.document_id[:60]!r}… is too long for Milvus. Rename the document.")
        texts = (one.model_text, one.source, one.tenant or "", json.dumps(one.metadata, ensure_ascii=False))
        if max(len(text.encode()) for text in texts) > LONGEST:
            raise BadInput(
                f"{one.document_id!r} has a passage with a text of more than {LONGEST:,} bytes, which Milvus cannot "
                "keep. Shorten it."
            )
        if one.tenant == "":
            raise BadInput(f"{one.document_id!r} has a tenant without a name. Name it, or leave it out.")


def _field(name: str, kind: str, **params: Any) -> dict[str, Any]:
    return {"fieldName": name, "dataType": kind, "elementTypeParams": params}
