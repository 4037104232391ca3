"""Which embedding model a pipeline uses: the one of its vectors for questions, one on this machine for sentences."""

from __future__ import annotations

from rag_core.retrieval.embedders.absent import AbsentEmbedder
from rag_core.retrieval.embedders.choosing import embedder_for
from rag_core.retrieval.embedders.protocol import Embedder, TakesMany
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.retrieval.engines.protocol import Engine, KnowsItsModel


def own_model(engine: Engine) -> Embedder:
    """The model that the engine's vectors are of; the packaged one where it does not know."""
    key = engine.embedder_key if isinstance(engine, KnowsItsModel) else ""
    return embedder_for(key) if key else get_embedder()


def for_sentences(own: Embedder) -> Embedder:
    """What compares sentences of an answer: the packaged model where the pipeline's own is elsewhere, or left out."""
    return get_embedder() if isinstance(own, TakesMany | AbsentEmbedder) else own
