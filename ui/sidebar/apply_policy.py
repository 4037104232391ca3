"""Set the sidebar's controls to a policy, as a click on "Try it" does. `state` draws the controls."""

from __future__ import annotations

import streamlit as st

from rag_core.rerank.catalogue import called
from rag_core.schema.policy import SIGNAL_NAMES, Policy
from ui.panels import views
from ui.sidebar import access, calibrated, extra_searches, first_pass, rewriting

NOT_TAKEN = "reranker_not_taken"
"""Session key: why the policy's reranker was not chosen, and the one that is chosen instead (empty until drawn)."""


def adopt(policy: Policy) -> None:
    """Set every control to the policy. For callbacks: a drawn control cannot be changed in the same run.

    A reranker that is not available here is not chosen: the present one stays, with its threshold, and
    `say_not_taken` says so.
    """
    values: dict[str, object] = {
        "depth": policy.depth,
        "fb": policy.fusion.by,
        "dw": policy.fusion.dense_weight,
        "lw": policy.fusion.lexical_weight,
        "rrfk": policy.fusion.k,
        "k": policy.top_k,
        "sig": policy.signals.on,
        **{f"w_{name}": getattr(policy.signals, name) for name in SIGNAL_NAMES},
    }
    st.session_state.pop(NOT_TAKEN, None)
    if policy.reranker in access.usable():
        values |= {"r": policy.reranker, f"t_{calibrated.threshold_name(policy)}": policy.threshold.minimum or 0.0}
        calibrated.put(policy)
    else:
        values[NOT_TAKEN] = (access.not_usable(called(policy.reranker)), "")
    st.session_state.update(values)
    extra_searches.put(policy.extra_searches)
    rewriting.put(policy.rewrite)
    first_pass.put(policy)


def say_not_taken(reranker: str) -> None:
    """Say why the reranker of the policy that was set last is not the chosen one, until you choose another."""
    why, chosen = st.session_state.get(NOT_TAKEN, ("", ""))
    if chosen not in ("", reranker):
        del st.session_state[NOT_TAKEN]
    elif why:
        st.session_state[NOT_TAKEN] = (why, reranker)
        told = f"{why} {called(reranker)} is chosen now, with its own threshold."
        st.warning(views.markdown(told), icon=":material/link_off:")
