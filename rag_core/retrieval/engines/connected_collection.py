"""An index that somebody else keeps, as a collection: searched by the pipeline like one that was made here.

    collection = ConnectedCollection(connect(config, secret), config, get_embedder())
    Pipeline(collection).run("How long do refunds take?")

What the index cannot do is said (`SearchResult.unavailable`), never shown as an empty list. Passages are fetched for
all candidates together. No passage is kept: what is deleted there is not found here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from rag_core.errors import BadInput, CannotBeListed, EngineError, WrongDimension
from rag_core.rerank.stored_tokens import TokenSource
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.engines.index_config import IndexConfig, check_mapped
from rag_core.retrieval.engines.index_kinds import KINDS
from rag_core.retrieval.engines.nearness import SaysHowItSearches
from rag_core.retrieval.engines.protocol import Capabilities, ExplainsScores, HybridSearch, IndexEngine, SearchResult
from rag_core.retrieval.engines.score_parts import ScorePart
from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.filters import Equal, Filter

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

COUNTED_FOR = 60.0
"""Seconds for which the number of passages is not asked for again."""

OF_A_DOCUMENT = 1000
"""Passages of one document that are looked at."""

LOOKED_UP = 100
"""Passages that are looked up by id in one request."""

WITH_WORDS = 50
"""Passages of a search for a name that are looked through."""


class ConnectedCollection:
    """A connected index. Safe to share between threads, as its engine is."""

    def __init__(
        self, index: IndexEngine, config: IndexConfig, embedder: Embedder, tokens: TokenSource | None = None
    ) -> None:
        """`embedder`: embeds the questions, and should be the model that made the vectors (`model_check`). `tokens`:
        where token vectors of its passages are kept on this machine; None: nowhere."""
        self.index = index
        self.config = config
        self.embedder = embedder
        self._tokens = tokens
        self._counted = (-COUNTED_FOR, 0)

    @property
    def name(self) -> str:
        """What it is called here."""
        return self.config.name or self.config.place

    @property
    def ref(self) -> CollectionRef:
        """Which collection this is: its identity is that of the index, whatever it holds. How many documents its
        passages are of is not counted (0), unless each passage is one."""
        passages = self.size()
        return CollectionRef(
            name=self.name,
            fingerprint=self.fingerprint,
            embedding_model=self.embedding_model,
            documents=0 if self.config.fields.document else passages,
            passages=passages,
            id=self.config.identity,
        )

    @property
    def embedding_model(self) -> str:
        """The model that embeds questions; its key where it is searched by words alone, and never asked."""
        return self.config.embedder if self.config.searches == "lexical" else self.embedder.model

    @property
    def fingerprint(self) -> str:
        """Of the index, how it is searched and the model that embeds the questions; asks the index nothing."""
        how = self.config.model_dump_json(include={"fields", "distance", "exact", "searches", "language"})
        told = self.config.model_dump_json(include={"sparse_model", "fusion"}, exclude_defaults=True)
        read = [self.config.identity, how, self.embedding_model, *([told] if told != "{}" else [])]
        return sha256("\n".join(read).encode()).hexdigest()

    def token_source(self) -> TokenSource | None:
        """Where late interaction finds and keeps the token vectors of its passages; None where they are not kept."""
        return self._tokens

    def size(self) -> int:
        """How many passages there are, as of the last minute."""
        asked_at, number = self._counted
        if time.monotonic() - asked_at > COUNTED_FOR and self.index.capabilities.counting:
            number = self.index.count()
            self._counted = (time.monotonic(), number)
        return number

    @property
    def capabilities(self) -> Capabilities:
        """What the index can do, of that what the connection asks for."""
        able, asked = self.index.capabilities, self.config.searches
        both = able.hybrid and asked == "both"
        return able.with_(
            dense=able.dense and asked != "lexical", lexical=able.lexical and asked != "dense", hybrid=both
        )

    def check_filter(self, where: Filter | None) -> None:
        """Raises BadInput for a filter that the index cannot translate, or on a part that it is connected without."""
        self.capabilities.check(where, self.name)
        check_mapped(where, self.config.fields, self.name)

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` nearest passages among those that match the filter. Raises EngineError, and BadInput for a filter
        that the index cannot translate, before anything is sent."""
        if not self.capabilities.dense:
            return SearchResult([], unavailable=self._without("dense"))
        self.check_filter(where)
        needed = self.index.dimensions()
        if needed and needed != len(vector):
            raise WrongDimension(self.config.place, needed, len(vector))
        return self.index.dense(vector, depth, where)

    def approximate(self, depth: int, where: Filter | None = None) -> str:
        """How dense search looks for so many, where that may miss some: as the index says, else as its kind does.
        Raises EngineError."""
        if self.config.exact:
            return ""
        if isinstance(self.index, SaysHowItSearches):
            return self.index.approximate(depth, where)
        return next((kind.approximate for kind in KINDS if kind.name == self.config.kind), "")

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors of these passages, so many in one request; those without one are left out. Raises
        EngineError."""
        parts = [self.index.vectors_by_id(ids[begin : begin + LOOKED_UP]) for begin in range(0, len(ids), LOOKED_UP)]
        return {one: vector for part in parts for one, vector in part.items()}

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` best passages by words among those that match the filter. Raises as `dense`."""
        if not self.capabilities.lexical:
            return SearchResult([], unavailable=self._without("lexical"))
        self.check_filter(where)
        return self.index.lexical(query, depth, where)

    @property
    def explains(self) -> bool:
        """Whether the index says how it comes to a lexical score."""
        return isinstance(self.index, ExplainsScores) and self.capabilities.lexical

    def explained(self, query: str, passage_id: str) -> ScorePart | None:
        """The lexical score of a passage in the index's own words; None where no word of the query is in it, and where
        the index explains nothing."""
        return self.index.explained(query, passage_id) if isinstance(self.index, ExplainsScores) else None

    def hybrid(self, query: str, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The `depth` best passages of the index's own fusion of both searches. Raises as `dense`."""
        if not self.capabilities.hybrid or not isinstance(self.index, HybridSearch):
            return SearchResult([], unavailable=f"{self.name} has no hybrid search of its own. Fuse its searches here.")
        self.check_filter(where)
        needed = self.index.dimensions()
        if needed and needed != len(vector):
            raise WrongDimension(self.config.place, needed, len(vector))
        return self.index.hybrid(query, vector, depth, where)

    def _without(self, search: str) -> str:
        off = self.config.searches not in ("both", search)
        return f"{self.name} is connected without {search} search." if off else f"{self.name} has no {search} search."

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

    def known_passages(self, ids: Sequence[str]) -> set[str]:
        """Which of these passages there are."""
        return {
            found
            for begin in range(0, len(ids), LOOKED_UP)
            for found in self.index.passages_by_id(ids[begin : begin + LOOKED_UP])
        }

    def known_documents(self, ids: Sequence[str]) -> set[str]:
        """Which of these documents there are: a request each, unless every passage is its own document. Raises BadInput
        for an index that cannot filter by them."""
        if not self.config.fields.document:
            return self.known_passages(ids)
        if not self.capabilities.listing:
            raise BadInput(f"{self.name} lists no passages.")
        return {one for one in ids if self.index.listed(1, _of_document(one))}

    def passages_named(self, name: str) -> tuple[Passage, ...]:
        """The passages of the document of that id or title, else the passage of that id; none where it has none.

        Raises CannotBeListed where it finds none and cannot be asked for documents by id or title, and BadInput for a
        document of more passages than are looked at.
        """
        name, fields, refused = name.strip(), self.config.fields, ""
        for field, mapped in (("document_id", fields.document), ("title", fields.title)):
            try:
                if mapped and (found := self._of_value(field, name)):
                    return found
            except CannotBeListed as exc:
                refused = refused or str(exc)
        found = tuple(self.index.passages_by_id([name]).values())
        if refused and not found:
            raise CannotBeListed(
                f"Whether {self.name} has “{name}” cannot be told: no passage has that id, and it cannot be asked for "
                f"documents by id or title. {refused} Give the id of a passage, or three words or more that it holds."
            )
        return found

    def _of_value(self, field: str, value: str) -> tuple[Passage, ...]:
        """All passages that have this value. Raises CannotBeListed, and BadInput where there may be more."""
        if not self.capabilities.listing:
            raise CannotBeListed(f"{self.name} lists no passages.")
        try:
            found = tuple(self.index.listed(OF_A_DOCUMENT, Filter(conditions=(Equal(field=field, value=value),))))
        except BadInput as exc:
            raise CannotBeListed(str(exc)) from exc
        if len(found) >= OF_A_DOCUMENT:
            raise BadInput(
                f"“{value}” has {OF_A_DOCUMENT:,} passages or more in {self.name}, too many to follow. Give the id of "
                "the passage that answers."
            )
        return found

    def similar_passages(self, name: str) -> Sequence[Passage]:
        """Passages that a search for the name finds, by its words first, then by its meaning."""
        able, hits = self.capabilities, []
        if able.lexical:
            hits += self.lexical(name, WITH_WORDS).hits
        if able.dense and self.index.dimensions() in (0, self.embedder.dimensions):
            hits += self.dense(self.embedder.embed_query(name), WITH_WORDS).hits
        return list(self.index.passages_by_id(list(dict.fromkeys(one for one, _ in hits))).values())


def _of_document(document_id: str) -> Filter:
    return Filter(conditions=(Equal(field="document_id", value=document_id),))
