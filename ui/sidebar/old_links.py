"""Links of earlier versions: what such a link does not name meant something else.

Version 1 had no first pass by default. A link of it that names a reranker, a pool or a top-k above today's pool, and no
first pass, had none. One that names a first pass had a pool of 50 unless it named another, and side A of Compare had no
first pass. Up to version 2 the searches added nothing in a first pass: a link that sets one, and not what they add, had
none of that. `read` says so in the address before it is read. `mark` marks a link of today that would be taken for an
old one, and one that does not name what is chosen (Streamlit leaves a control's first value out of the address) and
would begin with something else.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rag_core.rerank.catalogue import entry_of
from rag_core.schema.policy import DEFAULT_FIRST_PASS, FULL_DEPTH, NO_RERANKER, Policy
from ui import links
from ui.links import Params

VERSION, TODAY = "v", "3"
"""The parameter that marks a link, and its value."""
WITHOUT_SCORES = "2"
"""Its value where a first pass was the default, and the searches added nothing in it."""
OFF = "Off"


def read() -> None:
    """Where a session begins with an old link, run the page from what it means. Call it before the controls."""
    params = links.present()
    if (meant := in_full(params)) != params:
        st.query_params.from_dict(meant)
        st.rerun()


def mark(unsaid: Callable[[Params], bool] = lambda _: False) -> None:
    """Mark the link where it needs it, and only there. Call it once the sidebar is drawn.

    unsaid: what is chosen would be another thing where a session begins with this link, which cannot name it.
    """
    params = {key: values for key, values in links.present().items() if key != VERSION}
    if unsaid(params) or in_full(params) != params:
        st.query_params[VERSION] = TODAY
    elif VERSION in st.query_params:
        del st.query_params[VERSION]


def in_full(params: Params) -> Params:
    """An old link with what it leaves unsaid; any other as it is."""
    version = params.get(VERSION, [""])[0]
    if version not in ("", WITHOUT_SCORES) or _has_none(params):
        return params
    meant = params if version else _with_passes(params)
    sets_one = version or meant.keys() & {"fp", "fpn", "best"}
    if _has_none(meant) or not sets_one or meant.keys() & {"fpd", "fpl"}:
        return meant
    return {**meant, "fpd": ["0.0"], "fpl": ["0.0"], VERSION: [TODAY]}


def _with_passes(params: Params) -> Params:
    """A link of version 1 with the first pass and the pool that it meant."""
    if "fp" not in params:
        return {**params, "fp": [OFF]} if "r" in params or _sets_pool(params) or _keeps_more(params) else params
    named = {key: values for key, values in params.items() if key != "pool"}
    pool = params.get("pool", [str(Policy(first_pass=None).pool)])
    return {"fpa": ["false"], **named, "best": pool, VERSION: [TODAY]}


def _has_none(params: Params) -> bool:
    """True for a link without a first pass, whatever its version."""
    reranker, first_pass = (params.get(key, [""])[0] for key in ("r", "fp"))
    return first_pass == OFF or _alone(reranker, first_pass)


def _alone(reranker: str, first_pass: str) -> bool:
    """True for a reranker that has no first pass, whatever the version: none at all, or the first pass itself."""
    if reranker == entry_of(DEFAULT_FIRST_PASS.reranker).label:
        return first_pass in ("", reranker)
    return reranker == entry_of(NO_RERANKER).label


def _sets_pool(params: Params) -> bool:
    """True for a pool that a link could ever have set; any other value says nothing of what the link meant."""
    pool = params.get("pool", [""])[0]
    return pool.isdecimal() and 1 <= int(pool) <= FULL_DEPTH


def _keeps_more(params: Params) -> bool:
    """True for a top-k above the pool that a link without one has today; `best` is a pool that only today's name."""
    top_k = params.get("k", [""])[0]
    return "best" not in params and top_k.isdecimal() and int(top_k) > Policy().pool
