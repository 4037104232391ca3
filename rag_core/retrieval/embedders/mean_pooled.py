"""Texts to unit vectors by OpenVINO: the mean of a plain BERT's token states, as sentence-transformers pools them.

It loads in a fraction of a second, where importing sentence-transformers and torch takes several.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rag_core.inference.token_codes import passage_codes

if TYPE_CHECKING:
    from rag_core.inference.texts import TextEncoder
    from rag_core.inference.token_codes import TokenCodes
    from rag_core.schema.vectors import Vectors


class MeanPooled:
    """A bi-encoder over an encoder in fp32 for questions and one for passages, which is loaded when first used. Its
    vectors are those of sentence-transformers, of passages within the precision of that encoder, and may lie beside
    them."""

    def __init__(self, of_questions: TextEncoder, of_passages: Callable[[], TextEncoder]) -> None:
        self._of_questions = of_questions
        self._of_passages = of_passages

    def question_vector(self, text: str) -> Vectors:
        """The unit vector of a question, float32, shape (1, hidden). Raises ModelError."""
        return _unit([self._of_questions.read_one(text).states.mean(axis=0)])

    def passage_vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages, float32, shape (len(texts), hidden), at least one text. Raises ModelError."""
        read = {place: one.states.mean(axis=0) for place, one in self._of_passages().read(texts)}
        return _unit([read[place] for place in range(len(texts))])

    def vectors_with_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[TokenCodes]]:
        """Unit vectors of passages, and each one's token vectors, from one pass. Raises ModelError."""
        read = {
            place: (one.states.mean(axis=0), passage_codes(one.offsets, one.states))
            for place, one in self._of_passages().read(texts)
        }
        ordered = [read[place] for place in range(len(texts))]
        return _unit([mean for mean, _ in ordered]), [codes for _, codes in ordered]


def _unit(means: Sequence[Vectors]) -> Vectors:
    stacked = np.stack(means)
    unit: Vectors = stacked / np.linalg.norm(stacked, axis=1, keepdims=True)
    return unit
