"""What every database that takes collections of our own has in common: what a collection was made with, and its writer.

A writer is `postgres.own_table.OwnTable` or `milvus.own_collection.OwnCollection`. Each document is written whole or
not at all, and what is there is told by its digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from rag_core.errors import BadInput, WrongDimension
from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.schema.base import Frozen
from rag_core.schema.chunking import Chunking

if TYPE_CHECKING:
    from rag_core.schema.documents import Passage
    from rag_core.schema.vectors import Vectors


class MadeWith(Frozen):
    """What a collection's passages were made with; it is kept beside them.

    model       the embedding model, with its content hash
    embedder    the key that gives it again
    dimensions  the length of its vectors
    chunking    how documents are cut
    language    how its words are read: a text search configuration, an analyzer
    """

    second_pass: Literal[1] = 1
    model: str
    embedder: str
    dimensions: int
    chunking: Chunking = Chunking()
    language: str = "english"


class OwnStore(Protocol):
    """The collection that a config names, to be made and written. Asks its server nothing before it is used."""

    @property
    def config(self) -> IndexConfig:
        """The collection as an index that is searched."""
        ...

    def made(self) -> MadeWith | None:
        """What it says of itself; None where it is not there. Raises BadInput where it is somebody else's."""
        ...

    def prepare(self, wanted: MadeWith) -> None:
        """Make it where it is not there. Raises as `check_made`, BadInput where it is somebody else's, and EngineError
        where this user may not write. No passage was written then."""
        ...

    def digests(self, documents: Sequence[str] | None = None, files: Sequence[str] = ()) -> dict[str, bytes]:
        """The digest of each of these documents that is there, and of what came from these files (`faq.csv`,
        `faq.csv#3`); of every document without a list."""
        ...

    def put(self, document: str, digest: bytes, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Write the passages of a document in place of those that it had, all or nothing. vectors: float32,
        (passages, dimensions)."""
        ...

    def remove(self, documents: Sequence[str]) -> None:
        """Delete all passages of these documents."""
        ...

    def drop(self) -> None:
        """Delete the collection. Raises BadInput where it is somebody else's; where it is not there, nothing is
        done."""
        ...

    def check_writable(self, passages: Iterable[Passage]) -> None:
        """Raises BadInput for what this database cannot keep. Asks the server nothing."""
        ...

    def close(self) -> None:
        """Say that nothing more is written for now, and let the connections go."""
        ...


def check_made(place: str, there: MadeWith, wanted: MadeWith) -> None:
    """Raises WrongDimension or BadInput where the collection there was made with something else."""
    if there.dimensions != wanted.dimensions:
        raise WrongDimension(place, there.dimensions, wanted.dimensions)
    if there.with_(embedder=wanted.embedder) != wanted:
        raise BadInput(f"{place} was made with {_told(there)}, not with {_told(wanted)}. {ANOTHER}")


def somebody_elses(place: str) -> BadInput:
    """The error for what is there under that name and was made by others."""
    return BadInput(f"{place} is there already, and Second Pass did not make it. Choose another name.")


ANOTHER = "Index under another name, or with what it was made with."


def _told(made: MadeWith) -> str:
    """`the model a@1, passages of up to 200 tokens, words as english`."""
    cut = f"{made.chunking.max_tokens} tokens" + (f", {made.chunking.overlap} repeated" * bool(made.chunking.overlap))
    return f"the model {made.model}, passages of up to {cut}, words read as {made.language}"
