"""How long the passages of a collection are, in tokens; of a large one, how long some of them are."""

from __future__ import annotations

import streamlit as st

from rag_core.corpus.collection import Collection
from rag_core.corpus.storage.own_model import embedder_over
from rag_core.retrieval.embedders.counting import token_spans_of
from ui import caches
from ui.sidebar import access

COUNTED = 20_000
"""Of so many passages at most the length is counted."""


def every_nth(found: Collection) -> int:
    """Which passages `token_lengths` counts: every first, every second, ..."""
    return max(1, -(-found.ref.passages // COUNTED))


@st.cache_resource(max_entries=8, hash_funcs={Collection: lambda found: found.ref.fingerprint})
def token_lengths(found: Collection) -> list[int]:
    """Length in tokens of the bi-encoder of every passage, or of every n-th one of a large collection."""
    spans = token_spans_of(embedder_over(found, caches.settings(), access.current()))
    rows = range(0, len(found.passages), every_nth(found))
    return [len(spans(found.passages[row].text)) for row in rows]
