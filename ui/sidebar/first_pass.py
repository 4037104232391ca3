"""The first pass in the sidebar: a cheap reranker that narrows the pool before the chosen one reads it.

Off by default. `rag_core.wording.headline.first_pass` says what it did.
"""

from __future__ import annotations

import streamlit as st

from rag_core.errors import BadInput
from rag_core.schema.policy import FULL_DEPTH, NO_RERANKER, FirstPass, Policy
from ui.panels import views
from ui.sidebar import access, link_values
from ui.sidebar.controls import CONTROLS, label_of

KEY, READS = "fp", "fpn"
OFF = ""
READS_AT_FIRST = 100


def choose(policy: Policy) -> Policy:
    """The policy with the sidebar's first pass. Where it does not fit the policy, a warning says why it is left out."""
    first_pass = _first_pass(policy.reranker == NO_RERANKER)
    if first_pass is None:
        return policy
    try:
        asked = policy.with_(first_pass=first_pass)
    except BadInput as exc:
        st.warning(f"{exc} The run has no first pass until then.", icon=":material/filter_list_off:")
        return policy
    if first_pass.reranker == policy.reranker:
        st.caption("Both passes use the same reranker, so the first one only reads more candidates.")
    return asked


def put(policy: Policy) -> None:
    """Set the controls to the policy's first pass. For callbacks."""
    usable = policy.first_pass is not None and policy.first_pass.reranker in access.usable()
    st.session_state[KEY] = policy.first_pass.reranker if policy.first_pass and usable else OFF
    if policy.first_pass:
        st.session_state[READS] = policy.first_pass.pool


def _first_pass(off: bool) -> FirstPass | None:
    """The controls: a reranker or none, and how many fused candidates it reads."""
    offered = {key: entry for key, entry in access.usable().items() if key != NO_RERANKER}
    labels = access.labels(offered)
    asked = st.query_params.get(KEY)
    if asked and asked not in ("Off", *labels.values()):
        st.warning(views.markdown(access.not_usable(asked)), icon=":material/link_off:")
    if st.session_state.get(KEY, OFF) not in (OFF, *offered):
        del st.session_state[KEY]  # its key was forgotten, or its server removed
    key = st.selectbox(
        label_of(KEY),
        [OFF, *offered],
        format_func=lambda name: labels.get(name, "Off"),
        key=KEY,
        bind="query-params",
        disabled=off,
        help=CONTROLS[KEY].help,
    )
    if not key or off:
        return None
    link_values.number(READS, CONTROLS[READS].label, 1, 2 * FULL_DEPTH)
    reads = st.slider(
        label_of(READS),
        1,
        2 * FULL_DEPTH,
        READS_AT_FIRST,
        1,
        key=READS,
        bind="query-params",
        help=CONTROLS[READS].help,
    )
    return FirstPass(reranker=key, pool=reads)
