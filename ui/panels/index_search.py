"""How a connected index is searched: part of the form that connects it (`index_form`)."""

from __future__ import annotations

from typing import Any

import streamlit as st

from rag_core.retrieval.engines.index_config import IndexDescription
from rag_core.retrieval.engines.index_kinds import IndexKind

DISTANCES = {"": "As the index says", "cosine": "Cosine", "dot": "Dot product", "l2": "Euclidean (l2)"}
SEARCHES = {"both": "By meaning and by words", "dense": "By meaning only", "lexical": "By words only"}
FUSIONS = {"rrf": "By ranks (RRF)", "dbsf": "By scores (DBSF)"}
SPARSE = (
    "The server makes a question's sparse vector with it, so it must be the model of the stored ones, and the server "
    "must know it. Empty: qdrant/bm25."
)


def show(kind: IndexKind, seen: IndexDescription, model: str | None) -> dict[str, Any]:
    """What a user chose, as fields of `IndexConfig`. model: the key of the model of its vectors; None: not here."""
    searches_box, distance_box = st.columns(2)
    searches = searches_box.selectbox("Search", list(SEARCHES), key="ix_searches", format_func=SEARCHES.__getitem__)
    distance = distance_box.selectbox(
        "Distance", list(DISTANCES), key="ix_distance", format_func=DISTANCES.__getitem__,
        help=f"How its vectors are compared. The index says: {seen.distance or 'nothing, so cosine'}.",
    )  # fmt: skip
    exact_box, language_box, seconds_box = st.columns(3, vertical_alignment="bottom")
    exact = kind.exact and exact_box.checkbox(
        "Exact search", key="ix_exact", help="Without its approximate index: slower, and nothing is missed."
    )
    language = ""
    if kind.languages:
        told = "How its words are read: english, german, simple. Empty: as the index says, else English."
        language = language_box.text_input("Language of its words", key="ix_language", max_chars=60, help=told)
    seconds = seconds_box.number_input("Time-out (s)", 1, 600, 10, key="ix_timeout")
    return {
        "searches": "lexical" if model is None else searches,
        "embedder": model or "",
        "distance": distance or None,
        "exact": bool(exact),
        "language": language.strip(),
        "timeout_s": float(seconds),
        **_of_kind(kind),
    }


def _of_kind(kind: IndexKind) -> dict[str, Any]:
    """What only some kinds can be told."""
    chosen: dict[str, Any] = {}
    if not kind.sparse and len(kind.fusions) == 1:
        return chosen
    sparse_box, fusion_box = st.columns(2)
    if kind.sparse:
        typed = sparse_box.text_input(
            "Model of its sparse vectors", key="ix_sparse", max_chars=300, placeholder="qdrant/bm25", help=SPARSE
        )
        chosen["sparse_model"] = typed.strip()
    if len(kind.fusions) > 1:
        told = "How it fuses its own two searches, where you let it."
        chosen["fusion"] = fusion_box.selectbox(
            "Fusion of its own", kind.fusions, key="ix_fusion", format_func=FUSIONS.__getitem__, help=told
        )
    return chosen
