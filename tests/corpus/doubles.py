"""A small deterministic embedder and documents to feed it, whose results can be worked out by hand."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from rag_core.inference.token_codes import TokenCodes, passage_codes
from rag_core.schema.documents import Document


class WordEmbedder:
    """A text's vector is the normalised sum of its words' pseudo-random vectors. Tokens: up to 5 letters of a word,
    or one other sign. `embedded` keeps every text that was embedded, in order."""

    dimensions = 16
    load_ms = 0.0

    def __init__(self, model: str = "words@1", max_tokens: int = 64) -> None:
        self.model = model
        self.max_tokens = max_tokens
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str], progress=None):
        self.embedded += texts
        for done in range(1, len(texts) + 1):
            if progress:
                progress(done, len(texts))
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, query: str):
        total = np.full(self.dimensions, 0.01, np.float32)
        for word in re.findall(r"\w+", query.lower()):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            total += np.random.default_rng(seed).standard_normal(self.dimensions).astype(np.float32)
        return (total / np.linalg.norm(total)).astype(np.float32)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\w{1,5}|[^\w\s]", text)]


class TokenEmbedder(WordEmbedder):
    """Gives token vectors too: of each token one whose numbers follow from its letters."""

    def __init__(self, tokens: str = "letters@1", **options) -> None:
        super().__init__(**options)
        self.tokens = tokens

    def token_model(self) -> str:
        return self.tokens

    def embed_with_tokens(self, texts: Sequence[str]):
        return self.embed(texts), [self.codes_of(text) for text in texts]

    def codes_of(self, text: str) -> TokenCodes:
        spans = self.token_spans(text)
        seeds = [int.from_bytes(text[start:end].encode(), "big") % 2**32 for start, end in spans]
        states = np.stack([np.random.default_rng(seed).standard_normal(384) for seed in (0, *seeds, 0)])
        return passage_codes([(0, 0), *spans, (0, 0)], states.astype(np.float32))


def documents(count: int = 4) -> list[Document]:
    """`count` documents with two sections each, and a word that no other one has: `topic0`, `topic1`, ..."""
    return [
        Document(
            id=f"doc-{number}.md",
            title=f"Document {number}",
            text=f"# Terms\n\nAll about topic{number} and refunds.\n\n# Dates\n\nOpen on day {number} of the month.",
            tenant="acme" if number % 2 else "all",
        )
        for number in range(count)
    ]
