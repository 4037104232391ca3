"""The vectors of passages: known ones are used again, the rest is embedded slice by slice and kept at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from rag_core.retrieval.embedders.protocol import TakesMany

if TYPE_CHECKING:
    from rag_core.corpus.storage.kept_vectors import KeptVectors
    from rag_core.corpus.stored_vectors import StoredVectors
    from rag_core.corpus.texts import Texts
    from rag_core.corpus.token_store import TokenGathering
    from rag_core.retrieval.embedders.protocol import Embedder
    from rag_core.schema.progress import Progress
    from rag_core.schema.vectors import Vectors

SLICE = 32
"""Texts embedded between two reports of progress, and kept together, unless the embedder takes more at once."""

T = TypeVar("T")


def passage_vectors(
    texts: Texts,
    embedder: Embedder,
    known: StoredVectors | None,
    kept: KeptVectors | None,
    progress: Progress,
    gathering: TokenGathering,
    again: Callable[[str], bool],
) -> Vectors:
    """The passages' unit vectors, float32, shape (passages, dimensions); the same text is embedded once.

    known: vectors of an earlier collection; `again` says of a content hash whether it may be used again. kept: where
    new ones are written as they are made, and where those of an earlier attempt lie. `progress` counts what has to be
    embedded, what was kept included. `gathering` embeds, and keeps the token vectors of what it embeds.
    """
    hashes = [texts.content_hash(row) for row in range(len(texts.passages))]
    first = dict(zip(reversed(hashes), range(len(hashes) - 1, -1, -1), strict=True))
    vectors = np.empty((len(hashes), (known or embedder).dimensions), np.float32)
    wanted: list[int] = []
    for content_hash, row in first.items():
        there = known.get(content_hash) if known and again(content_hash) else None
        if there is None:
            wanted.append(row)
        else:
            vectors[row] = there
    if wanted:
        _embed(sorted(wanted), texts, vectors, embedder, kept, progress, gathering)
    for row, content_hash in enumerate(hashes):
        if first[content_hash] != row:
            vectors[row] = vectors[first[content_hash]]
    return vectors


def _embed(
    wanted: Sequence[int],
    texts: Texts,
    vectors: Vectors,
    embedder: Embedder,
    kept: KeptVectors | None,
    progress: Progress,
    gathering: TokenGathering,
) -> None:
    """Fill the rows that are wanted: with kept vectors, and where there are none, slice by slice with new ones."""
    before = kept.read(embedder.model, embedder.dimensions) if kept else {}
    missing: list[int] = []
    for row in wanted:
        there = before.get(texts.content_hash(row))
        if there is None:
            missing.append(row)
        else:
            vectors[row] = there
    done = len(wanted) - len(missing)
    progress(done, len(wanted))
    lengths = {row: len(texts.passages[row].model_text) for row in missing}
    size = embedder.at_once if isinstance(embedder, TakesMany) else SLICE
    for some in slices(sorted(missing, key=lambda row: -lengths[row]), size):
        hashes = [texts.content_hash(row) for row in some]
        fresh = gathering.embed(hashes, [texts.passages[row].model_text for row in some])
        if kept:
            kept.add(embedder.model, hashes, fresh)
        vectors[list(some)] = fresh
        done += len(some)
        progress(done, len(wanted))


def slices(ordered: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The sequence in slices, taken from both ends in turn: with texts sorted by length, the time that the first
    slices take says what the rest will take.

    >>> list(slices([9, 8, 3, 2, 1], 2))
    [[9, 8], [1], [3, 2]]
    """
    cut = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    while cut:
        yield cut.pop(0)
        if cut:
            yield cut.pop()
