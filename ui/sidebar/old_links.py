"""Links of the versions whose default had no first pass: what such a link does not name meant something else.

A link that names a reranker or a pool, and no first pass, had none. One that names a first pass had a pool of 50 unless
it named another, and side A of Compare had no first pass. `read` says so in the address before it is read. A link of
today that would be taken for an old one is marked by `mark`.
"""

from __future__ import annotations

import streamlit as st

from rag_core.rerank.catalogue import entry_of
from rag_core.schema.policy import DEFAULT_FIRST_PASS, NO_RERANKER, Policy
from ui import links
from ui.links import Params

VERSION, TODAY = "v", "2"
"""The parameter that marks a link, and its value."""
OFF = "Off"


def read() -> None:
    """Where a session begins with an old link, run the page from what it means. Call it before the controls."""
    params = links.present()
    if (meant := in_full(params)) != params:
        st.query_params.from_dict(meant)
        st.rerun()


def mark() -> None:
    """Mark the link where it needs it, and only there. Call it once the sidebar is drawn."""
    params = {key: values for key, values in links.present().items() if key != VERSION}
    if in_full(params) != params:
        st.query_params[VERSION] = TODAY
    elif VERSION in st.query_params:
        del st.query_params[VERSION]


def in_full(params: Params) -> Params:
    """An old link with what it leaves unsaid; any other as it is."""
    reranker, first_pass = (params.get(key, [""])[0] for key in ("r", "fp"))
    alone = reranker in (entry_of(one).label for one in (NO_RERANKER, DEFAULT_FIRST_PASS.reranker))
    if VERSION in params or alone or first_pass == OFF:
        return params
    if not first_pass:
        return {**params, "fp": [OFF]} if {"r", "pool"} & params.keys() else params
    named = {key: values for key, values in params.items() if key != "pool"}
    pool = params.get("pool", [str(Policy(first_pass=None).pool)])
    return {"fpa": ["false"], **named, "best": pool, VERSION: [TODAY]}
