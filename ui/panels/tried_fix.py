"""A change of settings that was tried on a loss: what is changed by now, what remains, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from rag_core.diagnosis import Counterfactual, changes_between
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from rag_core.triage import Finding
from rag_core.wording.fixes import changes_text
from rag_core.wording.verdicts import VERDICT_LABELS
from ui.panels import views
from ui.panels.triage import Found
from ui.sidebar.apply_policy import adopt

TRIED = "tried_fix"


@dataclass(frozen=True)
class Loss:
    """The run in which the document was lost, before anything was changed."""

    trace: Trace
    finding: Finding

    def is_about(self, found: Found) -> bool:
        """True for the same question about the same document."""
        return (self.trace.query, self.finding.location.expected) == (found.trace.query, found.location.expected)


def button(found: Found, fix: Counterfactual, key: str) -> None:
    """Set the controls to a fix, and remember the loss that it is for."""
    st.button("Try it", key=key, on_click=_try, args=(found, fix.policy), width="stretch")


def _try(found: Found, policy: Policy) -> None:
    if loss_before(found) is None:
        st.session_state[TRIED] = Loss(found.trace, found.finding)
    adopt(policy)


def loss_before(found: Found) -> Loss | None:
    """The loss before the changes that are tried on it now; None where nothing is tried."""
    loss: Loss | None = st.session_state.get(TRIED)
    return loss if loss and loss.is_about(found) and changes(loss, found) else None


def changes(loss: Loss, found: Found) -> str:
    """`Top-k is now 6 (was 5)`; empty where the settings are those of the loss."""
    return changes_text(changes_between(loss.trace.policy, found.trace.policy))


def say(found: Found) -> None:
    """What was changed, whether that fixed it, and Undo."""
    loss = loss_before(found)
    if loss is None:
        return
    lost = found.diagnosis.lost
    label = VERDICT_LABELS[found.diagnosis.verdict].lower()
    remains = f"It is not fixed: {label}." if lost else "The answer cites it now."
    with st.container(horizontal=True, vertical_alignment="center", key="tried"):
        show = st.warning if lost else st.success
        show(views.markdown(f"{changes(loss, found)}. {remains}"), icon=":material/tune:")
        st.button("Undo", key="undo", icon=":material/undo:", on_click=adopt, args=(loss.trace.policy,))
