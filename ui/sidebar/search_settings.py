"""Search and fusion in the sidebar: how deep, who fuses, by which weights, and what is searched beside."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from rag_core.corpus.facets import Facets
from rag_core.errors import SecondPassError
from rag_core.schema.fusion import FusedBy, Fusion
from rag_core.schema.policy import FULL_DEPTH
from ui.sidebar import extra_searches, indexes, link_values, rewriting
from ui.sidebar.controls import CONTROLS, label_of, slider

BY = "fb"
WHO: dict[FusedBy, str] = {"here": "Second Pass", "engine": "The index itself"}


def choose(collection: str) -> dict[str, Any]:
    """Draw the controls and read them."""
    with st.expander("Search and fusion", icon=":material/search:"):
        depth = slider("depth", 1, FULL_DEPTH, 1)
        by = _by(collection)
        off = by == "engine"
        dense = slider("dw", 0.0, 3.0, 0.1, disabled=off)
        lexical = slider("lw", 0.0, 3.0, 0.1, disabled=off)
        k = slider("rrfk", 1, 200, 1, disabled=off)
    return {"depth": depth, "fusion": Fusion(by=by, k=k, dense_weight=dense, lexical_weight=lexical)}


def beside(found: Facets, collection: str, fusion: Fusion) -> dict[str, Any]:
    """The extra searches and rewriting; neither where the index fuses, for it takes no list of another search."""
    if fusion.by == "engine":
        st.caption("Extra searches and rewriting need the fusion by Second Pass.")
        return {}
    return {"extra_searches": extra_searches.extra_searches(found, collection), "rewrite": rewriting.rewrite()}


def _by(collection: str) -> FusedBy:
    """Who fuses: a choice where the index has a hybrid search of its own."""
    if not _offered(collection):
        if BY in st.query_params or st.session_state.get(BY, "here") != "here":
            st.session_state[BY] = "here"
            told = "This collection has no hybrid search of its own, so its searches are fused here."
            st.warning(told, icon=":material/link_off:")
        return "here"
    link_values.choice(BY, CONTROLS[BY].label, list(WHO.values()))
    chosen = st.selectbox(
        label_of(BY), list(WHO), key=BY, bind="query-params", format_func=WHO.__getitem__, help=CONTROLS[BY].help
    )
    return chosen or "here"


def _offered(collection: str) -> bool:
    """Whether it has one. Where it cannot be asked now, a choice that was made stays."""
    connected = indexes.find(collection)
    if connected is None:
        return False
    with suppress(SecondPassError):
        return connected.collection.capabilities.hybrid
    return True
