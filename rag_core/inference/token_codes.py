"""Token vectors of a text in 128 bytes each, and MaxSim over many texts at once. No model here.

A token's unit vector is projected to 256 dimensions by the fixed matrix of `models/token-projection-v1`, made a unit
vector again, and stored in four bits a dimension, as whole numbers from -7 to 7 with one scale. MaxSim is ColBERT's
(Khattab and Zaharia, arXiv:2004.12832). All products are of whole numbers below 2**24, which float32 holds exactly: a
score depends neither on the other passages of the call nor on the machine's matrix kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_core.errors import ModelError, first_line
from rag_core.inference.products import product

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag_core.schema.vectors import Vectors

    Codes = npt.NDArray[np.uint8]

PROJECTION = Path(__file__).parent.parent / "models" / "token-projection-v1" / "projection.safetensors"
DIMENSIONS = 256
BYTES = DIMENSIONS // 2
"""Of a token: two dimensions a byte."""

VERSION = "tokens-1"
"""Part of the identity of stored token vectors: change it with the projection or the rounding."""

LEVELS, ZERO = 7, 8
"""Largest whole number of a passage's token, and what stands for 0 among the four bits."""

QUERY_LEVELS = 2**24 // (DIMENSIONS * 15) - 1
"""Largest whole number of a query's token: 256 products with four bits stay under 2**24."""

AT_ONCE = 8_192
"""Tokens multiplied at once: 8 MiB of floats, about what a processor's cache holds."""


@dataclass(frozen=True)
class TokenCodes:
    """The tokens of a passage, special tokens left out.

    codes       uint8, shape (tokens seen, 128): dimension i in the low half of byte i, dimension 128 + i in the high
    scales      float32, shape (tokens seen,): a token's vector is its whole numbers times its scale
    tokens      how many the text has
    seen_chars  how many characters were read; None if all were
    """

    codes: Codes
    scales: Vectors
    tokens: int
    seen_chars: int | None

    @property
    def nbytes(self) -> int:
        """What the arrays take."""
        return self.codes.nbytes + self.scales.nbytes

    def part(self, places: Sequence[int]) -> TokenCodes:
        """The tokens at these places alone, each as it was read within the whole."""
        return TokenCodes(self.codes[places], self.scales[places], len(places), None)


@dataclass(frozen=True)
class QueryCodes:
    """The word tokens of a query: whole numbers as float32, shape (tokens, 256), and their scales, (tokens,)."""

    numbers: Vectors
    scales: Vectors

    @property
    def nbytes(self) -> int:
        """What the arrays take."""
        return self.numbers.nbytes + self.scales.nbytes


def passage_codes(offsets: Sequence[tuple[int, int]], states: Vectors) -> TokenCodes:
    """Codes of an encoded passage; offsets and states have [CLS] first and [SEP] last. Raises ModelError."""
    spans, inner = offsets[1:-1], states[1:-1]
    numbers, scales = _rounded(_projected(inner), LEVELS)
    halves = (numbers + ZERO).astype(np.uint8)
    codes: Codes = np.bitwise_or(halves[:, :BYTES], halves[:, BYTES:] * np.uint8(16), dtype=np.uint8)
    seen = spans[: len(inner)]
    return TokenCodes(codes, scales, len(spans), seen[-1][1] if len(seen) < len(spans) else None)


def query_codes(text: str, offsets: Sequence[tuple[int, int]], states: Vectors) -> QueryCodes:
    """Codes of an encoded query: its tokens with letters or digits, all of them where none has. Raises ModelError."""
    inner = states[1:-1]
    words = [any(map(str.isalnum, text[start:end])) for start, end in offsets[1:-1][: len(inner)]]
    return QueryCodes(*_rounded(_projected(inner[words] if any(words) else inner), QUERY_LEVELS))


def maxsim(query: QueryCodes, passages: Sequence[TokenCodes]) -> list[float]:
    """Mean over the query's tokens of the best cosine to a token of each passage, in one go over all passages.

    0.0 where the query or the passage has no token.
    """
    scores = np.zeros(len(passages))
    places = [place for place, one in enumerate(passages) if len(one.codes)] if len(query.numbers) else []
    for some in _parts(places, passages):
        codes = np.concatenate([passages[place].codes for place in some])
        scales = np.concatenate([passages[place].scales for place in some])
        starts = np.cumsum([0, *(len(passages[place].codes) for place in some[:-1])])
        best = np.maximum.reduceat(_products(query.numbers, codes) * scales, starts, axis=1)
        scores[some] = (best.astype(np.float64) * query.scales[:, None]).mean(axis=0)
    found: list[float] = scores.tolist()
    return found


def _products(numbers: Vectors, codes: Codes) -> Vectors:
    """The products of whole numbers, shape (query tokens, passage tokens). The zero of four bits is taken off last."""
    low, high = (codes & 15).astype(np.float32), (codes >> 4).astype(np.float32)
    products = product(numbers[:, :BYTES], low) + product(numbers[:, BYTES:], high)
    products -= ZERO * numbers.sum(axis=1, keepdims=True)
    return products


def _parts(places: Sequence[int], passages: Sequence[TokenCodes]) -> list[list[int]]:
    """The places in parts of about `AT_ONCE` tokens."""
    parts: list[list[int]] = []
    room = 0
    for place in places:
        if room <= 0:
            parts.append([])
            room = AT_ONCE
        parts[-1].append(place)
        room -= len(passages[place].codes)
    return parts


def _rounded(vectors: Vectors, levels: int) -> tuple[Vectors, Vectors]:
    """Whole numbers up to `levels`, and for each vector the scale that brings them nearest to it."""
    steps = np.maximum(np.abs(vectors).max(axis=1, initial=0), 1e-12) / levels
    numbers: Vectors = np.rint(vectors / steps[:, None]).astype(np.float32)
    scales = (vectors * numbers).sum(axis=1) / np.maximum((numbers * numbers).sum(axis=1), 1)
    return numbers, scales.astype(np.float32)


def _projected(states: Vectors) -> Vectors:
    """Unit vectors of 256 dimensions."""
    return _unit(product(states, projection()))


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit


@cache
def projection() -> npt.NDArray[Any]:
    """The matrix, float32, shape (256, 384). Raises ModelError where its file is damaged."""
    from safetensors.numpy import load_file

    try:
        matrix = load_file(PROJECTION)["projection"]
    except Exception as exc:
        raise ModelError(f"{PROJECTION} cannot be read ({first_line(exc)}). Install Second Pass again.") from exc
    return np.ascontiguousarray(matrix.T, np.float32)
