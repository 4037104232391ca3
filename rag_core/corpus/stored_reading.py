"""Passages that go into a database: embedded, and their token vectors kept on this machine, from one pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.corpus.token_store import estimated_bytes
from rag_core.errors import SecondPassError
from rag_core.retrieval.embedders.protocol import Embedder, ReadsTokens, TakesMany

if TYPE_CHECKING:
    from rag_core.corpus.storage.token_book import TokenBook
    from rag_core.schema.documents import Passage
    from rag_core.schema.vectors import Vectors

TOGETHER = 32
"""Passages that are embedded together where the embedder says no other number; a document is never divided."""


@dataclass
class Reading:
    """Embeds passages and keeps their token vectors in the book, where there is one. problem: why it could not."""

    embedder: Embedder
    book: TokenBook | None
    problem: str = ""

    @property
    def at_once(self) -> int:
        """Passages that are worth being embedded together."""
        return self.embedder.at_once if isinstance(self.embedder, TakesMany) else TOGETHER

    def vectors(self, passages: Sequence[Passage]) -> Vectors:
        """Their vectors, float32, (passages, dimensions)."""
        texts = [one.model_text for one in passages]
        if self.book is None or not texts or not isinstance(self.embedder, ReadsTokens):
            return self.embedder.embed(texts)
        vectors, codes = self.embedder.embed_with_tokens(texts)
        made = dict(zip((one.content_hash for one in passages), codes, strict=True))
        try:
            self.book.keep(self.embedder.token_model(), made)
        except SecondPassError as exc:
            self.problem = str(exc)
        return vectors


def book_for(passages: Iterable[Passage], embedder: Embedder, book: TokenBook) -> TokenBook | None:
    """The book, where the model gives token vectors and those of all these passages fit; else None."""
    gives = isinstance(embedder, ReadsTokens) and embedder.token_model()
    most = book.most_bytes
    return book if gives and most and estimated_bytes(passages, most) <= most else None
