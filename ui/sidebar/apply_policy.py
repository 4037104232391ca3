"""Set the sidebar's controls to a policy, as a click on "Try it" does. `state` draws the controls."""

from __future__ import annotations

import streamlit as st

from rag_core.schema.policy import SIGNAL_NAMES, Policy
from ui.sidebar import access, extra_searches, first_pass, rewriting


def adopt(policy: Policy) -> None:
    """Set every control to the policy. For callbacks: a drawn control cannot be changed in the same run.

    A reranker that is not available here is not chosen; the present one stays.
    """
    values: dict[str, object] = {
        "depth": policy.depth,
        "dw": policy.fusion.dense_weight,
        "lw": policy.fusion.lexical_weight,
        "rrfk": policy.fusion.k,
        f"t_{policy.threshold.space}": policy.threshold.minimum or 0.0,
        "k": policy.top_k,
        "sig": policy.signals.on,
        rewriting.ON: policy.rewrite.on,
        **{f"w_{name}": getattr(policy.signals, name) for name in SIGNAL_NAMES},
    }
    if policy.reranker in access.usable():
        values["r"] = policy.reranker
    st.session_state.update(values)
    extra_searches.put(policy.extra_searches)
    first_pass.put(policy)
