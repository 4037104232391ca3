"""The first pass in the sidebar: which cheap reranker reads a wide pool before the chosen one, and how many it reads.

Off by default. What it did is in the trace; words for it are `rag_core.wording.headline.first_pass`'s.
"""

from __future__ import annotations

import streamlit as st

from rag_core.errors import BadInput
from rag_core.schema.policy import FULL_DEPTH, NO_RERANKER, FirstPass, Policy
from ui.panels import views
from ui.sidebar import access

KEY, READS = "fp", "fpn"
OFF = ""
READS_AT_FIRST = 100


def choose(policy: Policy) -> Policy:
    """The policy with the first pass that the sidebar asks for; one that cannot be is left out, which the page says."""
    first_pass = _first_pass(policy.reranker == NO_RERANKER)
    if first_pass is None:
        return policy
    try:
        asked = policy.with_(first_pass=first_pass)
    except BadInput as exc:
        st.warning(f"{exc} It is left out now.", icon=":material/filter_list_off:")
        return policy
    if first_pass.reranker == policy.reranker:
        st.caption("Both passes use the same reranker, so the first changes only what is read.")
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
        "First pass",
        [OFF, *offered],
        format_func=lambda name: labels.get(name, "Off"),
        key=KEY,
        bind="query-params",
        disabled=off,
        help="A cheap reranker reads many candidates first; only its best go on to the reranker above.",
    )
    if not key or off:
        return None
    reads = st.slider(
        "First pass reads",
        1,
        2 * FULL_DEPTH,
        READS_AT_FIRST,
        1,
        key=READS,
        bind="query-params",
        help="How many fused candidates the first pass reads. Its best, as many as the pool, go on.",
    )
    return FirstPass(reranker=key, pool=reads)
