"""An index that somebody else keeps, as a collection: searched by the pipeline like one that was made here.

    collection = ConnectedCollection(connect(config, secret), config, get_embedder().model)
    Pipeline(collection).run("How long do refunds take?")

What the index cannot do is said (`SearchResult.unavailable`), never shown as an empty list. Passages are fetched for
all candidates together. Nothing is kept: what is deleted there is not found here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from rag_core.errors import EngineError, WrongDimension
from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.protocol import Capabilities, IndexEngine, SearchResult
from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.filters import Filter

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors


class ConnectedCollection:
    """A connected index. Safe to share between threads, as its engine is."""

    def __init__(self, index: IndexEngine, config: IndexConfig, embedding_model: str) -> None:
        """`embedding_model`: the one that embeds the questions, which should be the one that made the vectors."""
        self.index = index
        self.config = config
        self.embedding_model = embedding_model

    @property
    def name(self) -> str:
        """What it is called here."""
        return self.config.name or self.config.place

    @cached_property
    def ref(self) -> CollectionRef:
        """Which collection this is: its identity is that of the index, whatever it holds. Counted once."""
        read = [self.config.identity, self.config.fields.model_dump_json(), self.embedding_model]
        documents = None if self.config.fields.document else self._size
        return CollectionRef(
            name=self.name,
            fingerprint=sha256("\n".join(read).encode()).hexdigest(),
            embedding_model=self.embedding_model,
            documents=documents,
            passages=self._size,
            id=self.config.identity,
        )

    @cached_property
    def _size(self) -> int:
        return self.index.count() if self.capabilities.counting else 0

    @property
    def capabilities(self) -> Capabilities:
        """What the index can do."""
        return self.index.capabilities

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` nearest passages among those that match the filter. Raises EngineError, and BadInput for a filter
        that the index cannot translate, before anything is sent."""
        if not self.capabilities.dense:
            return SearchResult([], unavailable=f"{self.name} has no dense search.")
        self.capabilities.check(where, self.name)
        needed = self.index.dimensions()
        if needed and needed != len(vector):
            raise WrongDimension(self.config.place, needed, len(vector))
        return self.index.dense(vector, depth, where)

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` best passages by words among those that match the filter. Raises as `dense`."""
        if not self.capabilities.lexical:
            return SearchResult([], unavailable=f"{self.name} has no lexical search.")
        self.capabilities.check(where, self.name)
        return self.index.lexical(query, depth, where)

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages of these ids, fetched together. Raises EngineError where one is not there any more."""
        found = self.index.passages_by_id(ids) if ids else {}
        if gone := [one for one in ids if one not in found]:
            raise EngineError(
                f"{self.name} found {gone[0]!r} and does not have it any more: it changes right now. Ask again."
            )
        return found

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id. KeyError if there is none."""
        return self.index.passages_by_id([passage_id])[passage_id]
