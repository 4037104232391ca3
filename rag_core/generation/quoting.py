"""The extractive answer with its default chooser: late interaction, which costs nothing."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.generation.extractive import answer_extractively
from rag_core.rerank.catalogue import LATE_INTERACTION, get_reranker
from rag_core.schema.answers import Answer
from rag_core.schema.documents import Passage


def quote_answer(query: str, kept: Sequence[Passage]) -> Answer:
    """Sentences of the kept passages, chosen by MaxSim. Raises ModelError where the model cannot be loaded."""
    reranker = get_reranker(LATE_INTERACTION)

    def choose(query: str, sentences: list[str]) -> list[float]:
        return [pair.score for pair in reranker.score(query, sentences).pairs]

    return answer_extractively(query, kept, choose).model_copy(update={"model": reranker.model})
