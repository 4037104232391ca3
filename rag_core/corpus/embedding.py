"""The vectors of passages: known ones are used again, the rest is embedded slice by slice and kept at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from rag_core.retrieval.embedders.protocol import TakesMany
from rag_core.schema.documents import Passage

if TYPE_CHECKING:
    from rag_core.corpus.storage.kept_vectors import KeptVectors
    from rag_core.corpus.token_store import TokenGathering
    from rag_core.retrieval.embedders.protocol import Embedder
    from rag_core.schema.progress import Progress
    from rag_core.schema.vectors import Vectors

SLICE = 32
"""Texts embedded between two reports of progress, and kept together, unless the embedder takes more at once."""

T = TypeVar("T")


def passage_vectors(
    passages: Sequence[Passage],
    embedder: Embedder,
    known: Mapping[str, Vectors],
    kept: KeptVectors | None,
    progress: Progress,
    gathering: TokenGathering,
) -> Vectors:
    """The passages' unit vectors, float32, shape (passages, dimensions); the same text is embedded once.

    known: vectors by content hash. kept: where new ones are written as they are made, and where those of an earlier
    attempt lie. `progress` counts what has to be embedded, what was kept included. `gathering` embeds, and keeps the
    token vectors of what it embeds.
    """
    found = dict(known)
    wanted = {each.content_hash: each.model_text for each in passages if each.content_hash not in found}
    if wanted:
        before = kept.read(embedder.model, embedder.dimensions) if kept else {}
        found |= {each: before[each] for each in wanted if each in before}
        missing = [each for each in wanted if each not in found]
        done = len(wanted) - len(missing)
        progress(done, len(wanted))
        size = embedder.at_once if isinstance(embedder, TakesMany) else SLICE
        for some in slices(sorted(missing, key=lambda each: -len(wanted[each])), size):
            fresh = gathering.embed(some, [wanted[each] for each in some])
            if kept:
                kept.add(embedder.model, some, fresh)
            found.update(zip(some, fresh, strict=True))
            done += len(some)
            progress(done, len(wanted))
    return np.stack([found[each.content_hash] for each in passages]).astype(np.float32, copy=False)


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
