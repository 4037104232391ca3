"""Made-up documents for `benchmarks.scale`, and vectors for them: any number, always the same, none kept in memory.

A document has five sections of about a hundred words: a third function words, the others drawn by the Zipf-Mandelbrot
law from 400,000 made-up words, so that the commonest stands in about every seventh passage. A passage's vector is near
its document's, and that near its subject's; a question is drawn like a passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, overload

import numpy as np

from rag_core.inference.token_codes import BYTES, TokenCodes
from rag_core.retrieval.embedders.packaged_encoder import token_model
from rag_core.schema.documents import Document, Passage

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

SECTIONS, WORDS, VOCABULARY, DIMENSIONS, SUBJECTS = 5, 100, 400_000, 384, 500
_SYLLABLES = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
_SMALL = ["the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "was", "with", "be", "on"]
_NUMBERED = re.compile(r"Document (\d+)(?: > Part (\d+))?")


@cache
def vocabulary() -> list[str]:
    """Made-up words, the commonest first."""
    count = len(_SYLLABLES)

    def word(number: int) -> str:
        number, made = number + count, ""
        while number:
            number, place = divmod(number, count)
            made += _SYLLABLES[place]
        return made

    return [word(number) for number in range(VOCABULARY)]


@cache
def _cumulated() -> np.ndarray:
    weights = (np.arange(VOCABULARY) + 50.0) ** -1.05
    return np.cumsum(weights / weights.sum())


def words_of(draw: np.random.Generator, count: int) -> list[str]:
    """Content words, as often as their rank says."""
    known = vocabulary()
    places = np.searchsorted(_cumulated(), draw.random(count))
    return [known[place] for place in places.clip(max=VOCABULARY - 1)]


class MadeUpDocuments(Sequence[Document]):
    """Documents that have about this many passages together."""

    def __init__(self, passages: int) -> None:
        self._count = passages // SECTIONS

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, number: int) -> Document: ...
    @overload
    def __getitem__(self, number: slice) -> list[Document]: ...
    def __getitem__(self, number: int | slice) -> Document | list[Document]:
        if isinstance(number, slice):
            return [self.made(one) for one in range(*number.indices(self._count))]
        if not -self._count <= number < self._count:
            raise IndexError(number)
        return self.made(number % self._count)

    def __iter__(self) -> Iterator[Document]:
        return map(self.made, range(self._count))

    def made(self, number: int) -> Document:
        """The document of this number, which need not be one of these."""
        draw = np.random.default_rng(number)
        parts = []
        for part in range(SECTIONS):
            words = words_of(draw, WORDS)
            small = draw.integers(len(_SMALL), size=WORDS // 3)
            words[::3] = [_SMALL[place] for place in small] + words[: len(words[::3]) - len(small)]
            parts.append(f"# Part {part}\n\n{' '.join(words)}.")
        return Document(
            id=f"doc-{number}.md",
            title=f"Document {number}",
            text="\n\n".join(parts),
            source=("policy", "manual", "chat")[number % 3],
            tenant=f"tenant-{number % 50}",
        )


def cut(document: Document) -> list[Passage]:
    """The passages of a made-up document, a section each, as chunking makes them."""
    passages, at = [], 0
    for part in range(SECTIONS):
        heading = f"# Part {part}\n\n"
        start = document.text.index(heading, at) + len(heading)
        at = document.text.find("\n\n# Part", start)
        end = at if at >= 0 else len(document.text)
        fields = document.model_dump(include={"title", "source", "tenant"})
        passages.append(
            Passage(
                id=f"{document.id}::{part}",
                document_id=document.id,
                start=start,
                end=end,
                text=document.text[start:end],
                heading_path=(f"Part {part}",),
                **fields,
            )
        )
    return passages


class ClusterEmbedder:
    """Vectors by the number of document and part in the heading of the text."""

    model, dimensions, max_tokens, load_ms = "clusters@1", DIMENSIONS, 256, 0.0

    def embed(self, texts: Sequence[str], _progress: object = None) -> Vectors:
        return np.stack([self._vector(text) for text in texts])

    def embed_query(self, query: str) -> Vectors:
        return self._vector(query)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]

    def _vector(self, text: str) -> Vectors:
        found = _NUMBERED.match(text)
        document, part = (int(found[1]), int(found[2] or 0)) if found else (0, len(text))
        return vector_of(document, part)


class TokenClusterEmbedder(ClusterEmbedder):
    """Gives token vectors too: random bytes, as many as the text has words, called the packaged model's so that late
    interaction reads them."""

    def token_model(self) -> str:
        return token_model("cpu")

    def embed_with_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[TokenCodes]]:
        return self.embed(texts), [self.codes(text) for text in texts]

    def codes(self, text: str) -> TokenCodes:
        count = text.count(" ") + 1
        codes = np.frombuffer(np.random.default_rng(count).bytes(count * BYTES), np.uint8).reshape(count, BYTES)
        return TokenCodes(codes, np.full(count, 0.01, np.float32), count, None)


def vector_of(document: int, part: int) -> Vectors:
    """A unit vector near that of the document."""
    noise = np.random.default_rng((document, part)).standard_normal(DIMENSIONS, np.float32)
    vector = center(document) + np.float32(0.6) * noise
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


@lru_cache(maxsize=64)
def center(document: int) -> Vectors:
    """Where the passages of a document lie."""
    common = np.float32(0.4) * np.random.default_rng(1).standard_normal(DIMENSIONS, np.float32)
    noise = np.random.default_rng((2, document)).standard_normal(DIMENSIONS, np.float32)
    return common + _subject(document * 7919 % SUBJECTS) + np.float32(0.6) * noise


@cache
def _subject(number: int) -> Vectors:
    return np.float32(0.75) * np.random.default_rng((3, number)).standard_normal(DIMENSIONS, np.float32)


def query_vector(number: int, documents: int) -> Vectors:
    """A question that is drawn like a passage."""
    return vector_of(int(np.random.default_rng((4, number)).integers(documents)), 1000 + number)


def query_words(number: int, documents: int) -> str:
    """A question of six words: four that stand together in a passage, and two others."""
    draw = np.random.default_rng((5, number))
    text = MadeUpDocuments(0).made(int(draw.integers(documents))).text
    words = [word.strip(".") for word in text.split() if word not in _SMALL and word.isalpha()]
    start = int(draw.integers(len(words) - 4))
    return " ".join([*words[start : start + 4], *words_of(draw, 2)])
