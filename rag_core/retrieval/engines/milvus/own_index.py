"""`OwnMilvusIndex`: a collection of our own, searched as any other and as its journal says.

The journal is read after each answer. Where it has changed in a way that the answer may lack passages, the server is
asked again, so that every answer is of one moment.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr, ValidationError

from rag_core.errors import BadInput, EngineError, EngineTimeout
from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.milvus.by_grpc import GrpcServer
from rag_core.retrieval.engines.milvus.codes import NotLoaded
from rag_core.retrieval.engines.milvus.index import MilvusIndex
from rag_core.retrieval.engines.milvus.journal import KEY, Journal
from rag_core.retrieval.engines.milvus.own_schema import OWN_FIELDS, READ, STATE
from rag_core.retrieval.engines.own_store import somebody_elses
from rag_core.retrieval.engines.protocol import Capabilities, SearchResult

if TYPE_CHECKING:
    from rag_core.schema.documents import Passage
    from rag_core.schema.filters import Filter
    from rag_core.schema.vectors import Vectors

Answer = TypeVar("Answer")

TRIES = 8
"""How often an answer is asked for while documents are replaced at the same time."""

LOOKED_S = 0.05
"""Seconds between two looks whether a collection is loaded."""

MOST_ROWS = 16_000
"""Rows that are asked for at once."""

READS = ("entities/search", "entities/hybrid_search", "entities/query")


class OwnMilvusIndex(MilvusIndex):
    """A collection that Second Pass made. One that is not loaded, as after a restart, is loaded."""

    def __init__(self, config: IndexConfig, secret: SecretStr | None) -> None:
        """Raises BadInput for an address of gRPC."""
        super().__init__(config, secret)
        if isinstance(self.server, GrpcServer):
            raise BadInput("A collection of Second Pass needs the REST interface of Milvus: an address with http.")
        self._last: Journal | None = None
        self._now = threading.local()

    @property
    def capabilities(self) -> Capabilities:
        """Lexical search and the server's fusion where the server has BM25. Asks it once."""
        words = self.words
        return Capabilities(lexical=words, hybrid=words)

    @property
    def words(self) -> bool:
        """Whether the server ranks words by BM25."""
        return OWN_FIELDS.lexical in self._layout().words

    @property
    def complete(self) -> bool:
        """Whether it was made with its indexes, so that it can be loaded."""
        return OWN_FIELDS.vector in self._layout().metrics

    def check_ours(self) -> None:
        """Raises BadInput where the collection is somebody else's, MissingIndex where there is none."""
        if STATE not in self._layout().types:
            raise somebody_elses(self.config.place)

    def forget(self) -> None:
        """Read the schema again before the next request."""
        self._known = self._last = None

    def journal(self, level: str = "Strong", also: str = "") -> tuple[Journal | None, list[dict[str, Any]]]:
        """The journal, None where its row is not there; and keys and generations of the rows that `also` names.

        level: Strong, all that was acknowledged; Bounded, at once. Raises BadInput where the collection is somebody
        else's.
        """
        self.check_ours()
        is_journal = f'key == "{KEY}"'
        asked = {
            "filter": f"{is_journal} or ({also})" if also else is_journal,
            "outputFields": ["key", STATE],
            "limit": MOST_ROWS,
            "consistencyLevel": level,
        }
        rows = self.ask("entities/query", asked)
        text = next((one[STATE] for one in rows if one["key"] == KEY), None)
        try:
            found = None if text is None else Journal.model_validate_json(text)
        except ValidationError as exc:
            raise somebody_elses(self.config.place) from exc
        return found, [one for one in rows if one["key"] != KEY]

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """As `MilvusIndex.ask`; reads do not wait for what others write right now."""
        body = {"consistencyLevel": "Bounded", **body} if path in READS else body
        try:
            return super().ask(path, body)
        except NotLoaded:
            self.load()
            return super().ask(path, body)

    def load(self) -> None:
        """Load the collection, and wait for it. Raises EngineTimeout."""
        super().ask("collections/load", {})
        until = time.monotonic() + self.config.timeout_s
        while super().ask("collections/get_load_state", {})["loadState"] != "LoadStateLoaded":
            if time.monotonic() > until:
                raise EngineTimeout(self.config.place, self.config.timeout_s)
            time.sleep(LOOKED_S)

    def dense(self, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """The nearest passages by cosine."""
        return self._steady(partial(super().dense, vector, depth, where))

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        """The best passages by the server's BM25, over headings and text."""
        return self._steady(partial(super().lexical, query, depth, where))

    def hybrid(self, query: str, vector: Vectors, depth: int, where: Filter | None = None) -> SearchResult:
        """Both, fused by the server's RRF."""
        return self._steady(partial(super().hybrid, query, vector, depth, where))

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages of these ids."""
        return self._steady(partial(super().passages_by_id, ids))

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors."""
        return self._steady(partial(super().vectors_by_id, ids))

    def count(self, where: Filter | None = None) -> int:
        """How many passages match."""
        return self._steady(partial(super().count, where))

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        """The first passages that match."""
        return self._steady(partial(super().listed, first, where))

    @property
    def _wanted(self) -> list[str]:
        return [*READ]

    def _passage(self, one_id: str, row: Any) -> Passage:
        made = super()._passage(one_id, row)
        return made.with_(heading_path=tuple(json.loads(row["headings"])), tenant=made.tenant or None)

    def _seen(self, expression: str) -> str:
        live = self._now.journal.live
        return f"{live} and ({expression})" if expression else live

    def _steady(self, ask: Callable[[], Answer]) -> Answer:
        """The answer of one moment. Raises EngineError where the collection changes faster than it answers."""
        journal, fresh = (self._last, False) if self._last else (self._read(), True)
        for _ in range(TRIES):
            self._now.journal = journal
            answer = ask()
            now = self._read()
            if now == journal or (fresh and now.deletions == journal.deletions):
                self._last = now
                return answer
            journal, fresh = now, True
        raise EngineError(f"{self.config.place} changes right now. Ask again in a moment.")

    def _read(self) -> Journal:
        found, _ = self.journal("Bounded")
        if found is None:
            raise EngineError(f"{self.config.place} is being made. Ask again when its first document is indexed.")
        return found
