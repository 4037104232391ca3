"""How many tokens a text has for an embedding model: by its own tokenizer, else by the packaged model's.

A model behind HTTP shows no tokenizer. Its passages are counted by the packaged one, which cuts most texts into about
as many tokens; the service itself refuses what is too long for it.
"""

from __future__ import annotations

from collections.abc import Callable

from rag_core.retrieval.embedders.protocol import CountsTokens, Embedder
from rag_core.retrieval.embedders.sentence_embedder import get_embedder

Spans = Callable[[str], list[tuple[int, int]]]


def token_spans_of(embedder: Embedder) -> Spans:
    """What gives the character spans of a text's tokens. Loads no model. Raises MissingPackage."""
    return embedder.token_spans if isinstance(embedder, CountsTokens) else get_embedder().token_spans
