"""The passes in the sidebar: a cheap reranker that narrows the pool, what the searches add to its scores, and how many
of its best the chosen one reads.

Late interaction by default. There is none without a reranker, and none by the reranker that is chosen itself: the pool
then is the first of the fused order. `rag_core.wording.headline.first_pass` says what it did.
"""

from __future__ import annotations

from typing import TypedDict

import streamlit as st

from rag_core.errors import BadInput
from rag_core.schema.policy import FULL_DEPTH, NO_RERANKER, FirstPass, Policy
from ui.panels import views
from ui.sidebar import access, link_values
from ui.sidebar.controls import CONTROLS, label_of, slider

KEY, READS, DENSE, LEXICAL = "fp", "fpn", "fpd", "fpl"
POOL, BEST = "pool", "best"
"""The pool of the fused order, and of a first pass: each keeps its own size."""
OFF = ""


class Passes(TypedDict):
    """The policy's fields that the controls here set."""

    first_pass: FirstPass | None
    pool: int


def choose(reranker: str) -> Passes:
    """Draw the first pass and the pool of this reranker; the policy's fields that they set. Where they do not fit
    together, a warning says why the run has no first pass."""
    first_pass = _first_pass(reranker)
    pool = slider(BEST if first_pass else POOL, 1, FULL_DEPTH, 1)
    if first_pass:
        link_values.number(POOL, CONTROLS[POOL].label, 1, FULL_DEPTH)  # an old link names it, and it is not drawn
    try:
        Policy(reranker=reranker).with_(first_pass=first_pass, pool=pool)
    except BadInput as exc:
        st.warning(f"{exc} The run has no first pass until then.", icon=":material/filter_list_off:")
        first_pass = None
    return {"first_pass": first_pass, "pool": pool}


def put(policy: Policy) -> None:
    """Set the controls to the policy's passes. For callbacks.

    Without a reranker only the pool is set: the first pass is not drawn, and is there again with the next reranker.
    """
    first_pass = policy.first_pass
    if policy.reranker == NO_RERANKER:
        st.session_state[POOL] = policy.pool
    elif first_pass and first_pass.reranker == policy.reranker:  # it only reads more candidates
        st.session_state.update({KEY: OFF, POOL: min(first_pass.pool, FULL_DEPTH)})
    elif first_pass and first_pass.reranker in access.usable():
        st.session_state.update({KEY: first_pass.reranker, READS: first_pass.pool, BEST: policy.pool})
        st.session_state.update({DENSE: first_pass.dense, LEXICAL: first_pass.lexical})
    else:
        st.session_state.update({KEY: OFF, POOL: policy.pool})


def reset() -> None:
    """Set every control of the passes to its default. For callbacks."""
    st.session_state.update({key: CONTROLS[key].default for key in (KEY, READS, DENSE, LEXICAL, POOL, BEST)})


def undrawn(reranker: str) -> set[str]:
    """The keys of the controls that are not there with this reranker and the chosen first pass."""
    if reranker == NO_RERANKER:
        return {KEY, READS, DENSE, LEXICAL, BEST}
    return {READS, DENSE, LEXICAL, BEST} if st.session_state.get(KEY) in (OFF, reranker) else {POOL}


def _first_pass(reranker: str) -> FirstPass | None:
    """The controls: a reranker or none, how many fused candidates it reads, and what the searches add."""
    if reranker == NO_RERANKER:
        st.selectbox(label_of(KEY), ["Off"], key=f"{KEY}_off", disabled=True, help="There is none without a reranker.")
        return None
    offered = {key: entry for key, entry in access.usable().items() if key != NO_RERANKER}
    labels = access.labels(offered)
    asked = st.query_params.get(KEY)
    if asked and asked not in ("Off", *labels.values()):
        st.warning(views.markdown(access.not_usable(asked)), icon=":material/link_off:")
    if st.session_state.get(KEY, OFF) not in (OFF, *offered):
        del st.session_state[KEY]  # its key was forgotten, or its server removed
    keys = [OFF, *offered]
    key = st.selectbox(
        label_of(KEY),
        keys,
        index=keys.index(str(CONTROLS[KEY].default)),
        format_func=lambda name: labels.get(name, "Off"),
        key=KEY,
        bind="query-params",
        help=CONTROLS[KEY].help,
    )
    if key == reranker:
        st.caption("The first pass is left out: the reranker itself is the same one.")
    if not key or key == reranker:
        return None
    link_values.number(READS, CONTROLS[READS].label, 1, 2 * FULL_DEPTH)
    reads = st.slider(
        label_of(READS),
        1,
        2 * FULL_DEPTH,
        int(CONTROLS[READS].default),
        1,
        key=READS,
        bind="query-params",
        help=CONTROLS[READS].help,
    )
    dense, lexical = (slider(weight, 0.0, 1.0, 0.05) for weight in (DENSE, LEXICAL))
    return FirstPass(reranker=key, pool=reads, dense=dense, lexical=lexical)
