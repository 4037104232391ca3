"""A collection many times over, for `benchmarks.scale`: a million passages without cutting and reading a million.

Every copy has the texts of the first under other ids and titles, and vectors of its own, drawn in the same clusters.
Its token vectors are those of the first, under its own content hashes. So files, columns and postings are as large as
those of so many documents; only the vocabulary is that of one copy, without what its titles say.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import tempfile
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.scale_texts import DIMENSIONS, SECTIONS, center
from rag_core.corpus.collection import Collection
from rag_core.corpus.columns import HASH_BYTES, Columns, Keys, key_of
from rag_core.corpus.indexing import recorded
from rag_core.corpus.lines import Lines
from rag_core.corpus.texts import Texts
from rag_core.corpus.token_store import TokenStore
from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.retrieval.engines.registry import engine_named
from rag_core.retrieval.postings import Postings
from rag_core.schema.documents import Document, Passage

if TYPE_CHECKING:
    from rag_core.corpus.columns import Hashes
    from rag_core.schema.base import Frozen
    from rag_core.schema.vectors import Vectors

_ID = re.compile(rb'^\{"id":"([^"]+)"', re.MULTILINE)
_BLOCK = 1000


def multiplied(found: Collection, copies: int, exact_limit: int) -> Collection:
    """The collection so many times over. Its fingerprint is no fingerprint: nothing would read a million for it."""
    texts = found.texts
    documents, document_ids = _lines(texts.documents, Document, copies)
    passages, passage_ids = _lines(texts.passages, Passage, copies)
    hashes = _hashes([one.model_text for one in texts.passages], copies)
    columns = _columns(texts.columns, document_ids, passage_ids, hashes, copies)
    tokens = _tokens(found.token_vectors, texts.columns.hashes, hashes)
    vectors = _vectors(len(documents))
    dense = engine_named("faiss").build(vectors, exact_limit)
    lexical = LexicalIndex([_postings(found.lexical_index.postings[0], copies)])
    manifest = found.manifest.model_copy(
        update={
            "documents": len(documents),
            "passages": len(passages),
            "index": dense.kind,
            "files": {},
            "token_vectors": recorded(tokens),
        }
    )
    return Collection(manifest, Texts(documents, passages, columns), vectors, dense, lexical, (), tokens)


def _lines(values: object, kind: type[Frozen], copies: int) -> tuple[Any, list[str]]:
    """The lines of every copy, in a file that goes with them, and their ids."""
    ids: list[str] = []
    with tempfile.TemporaryFile() as file:
        block = b"".join(value.model_dump_json().encode() + b"\n" for value in values)  # type: ignore[attr-defined]
        for copy in range(copies):
            told = block.replace(b'"doc-', b'"doc-%d-' % copy)
            told = told.replace(b'"title":"', b'"title":"' + _title(copy).encode())
            ids.extend(one.decode() for one in _ID.findall(told))
            file.write(told)
        file.flush()
        return Lines.of_open_file(file, kind), ids


def _title(copy: int) -> str:
    """What precedes the titles of a copy, so that its texts are no other's."""
    return f"Copy {copy}: "


def _hashes(texts: list[str], copies: int) -> Hashes:
    """The content hashes of every copy's passages, whose texts begin with their titles."""
    made = (hashlib.sha256(_title(copy).encode() + text) for copy in range(copies) for text in map(str.encode, texts))
    return np.frombuffer(b"".join(one.digest() for one in made), np.uint8).reshape(-1, HASH_BYTES)


def _tokens(first: TokenStore, known: Hashes, hashes: Hashes) -> TokenStore:
    """The token vectors of every copy: those of the first again, so that they take no memory."""
    if not len(first):
        return first
    codes = [first.get(one.tobytes().hex()) for one in known]
    every = zip((one.tobytes().hex() for one in hashes), cycle(codes), strict=False)
    return TokenStore(first.model, {one: each for one, each in every if each})


def _columns(first: Columns, document_ids: list[str], passage_ids: list[str], hashes: Hashes, copies: int) -> Columns:
    rows, groups = int(first.group_starts[-1]), len(first.group_kinds)
    starts = [first.group_starts[:-1] + copy * rows for copy in range(copies)]
    assert len(document_ids) == copies * groups  # a group a document, as all of them have text
    return dataclasses.replace(
        first,
        documents=_keys(document_ids),
        digests=np.tile(first.digests, (copies, 1)),
        passages=_keys(passage_ids),
        hashes=hashes,
        groups=_keys(document_ids),
        group_starts=np.concatenate([*starts, [copies * rows]]),
        group_kinds=np.tile(first.group_kinds, copies),
        document_ids=lambda: document_ids,
    )


def _keys(ids: list[str]) -> Keys:
    return Keys.of(b"".join(map(key_of, ids)))


def _vectors(documents: int) -> Vectors:
    """Vectors of the passages of so many documents, drawn as `vector_of` draws them; in a file, for there are many."""
    with tempfile.NamedTemporaryFile() as file:
        vectors = np.asarray(np.memmap(file.name, np.float32, "w+", shape=(documents * SECTIONS, DIMENSIONS)))
    draw = np.random.default_rng(6)
    for start in range(0, documents, _BLOCK):
        centers = np.stack([center(one) for one in range(start, min(documents, start + _BLOCK))])
        noise = draw.standard_normal((len(centers) * SECTIONS, DIMENSIONS), np.float32)
        some = np.repeat(centers, SECTIONS, axis=0) + np.float32(0.6) * noise
        some /= np.linalg.norm(some, axis=1, keepdims=True)
        vectors[start * SECTIONS : start * SECTIONS + len(some)] = some
    return vectors


def _postings(first: Postings, copies: int) -> Postings:
    from scipy.sparse import csc_matrix, vstack

    one = csc_matrix((first.counts, first.rows, first.starts), shape=(len(first.lengths), len(first.terms)))
    all_of_them = vstack([one] * copies, format="csc")
    return Postings(
        first.terms,
        all_of_them.indptr.astype(np.int64),
        all_of_them.indices.astype(np.int32),
        all_of_them.data,
        np.tile(first.lengths, copies),
    )
