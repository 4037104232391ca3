"""The form that keeps a run as a triage case."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import streamlit as st

from rag_core.schema.trace import Trace
from rag_core.triage import Finding, case_of
from rag_core.wording.verdicts import VERDICT_LABELS
from ui import auth, caches
from ui.panels import triage, tried_fix
from ui.sidebar import indexes
from ui.sidebar.state import SidebarState

Run = tuple[Trace, Finding]
"""What a case is made of."""

PRIVATE = "This collection is private. Everyone here can see a saved case and its passages."


def of_question(choice: SidebarState, found: triage.Found) -> None:
    """The form for a question that was asked here."""
    private = indexes.may_be_private(choice.collection, found.trace.collection.fingerprint)
    form(lambda: _which_run(found), (found.trace.query, found.location), PRIVATE if private else "")


def form(run: Callable[[], Run], about: Hashable, warning: str = "") -> None:
    """Note, tags and the button. That it is saved stays said, however often the page is drawn again.

    run: draws the choice of the run, where there is one, and gives it. about: what the case is about.
    """
    with st.expander("Save as a case", icon=":material/bookmark_add:"):
        if warning:
            st.warning(warning)
        with st.form("save_case", border=False):
            trace, finding = run()
            note = st.text_area(
                "Note", key="case_note", max_chars=20_000, placeholder="What the user was told, and why it was wrong"
            )
            tags = st.text_input("Tags", key="case_tags", placeholder="Separated by commas")
            auth.ask_author()
            pressed = st.form_submit_button("Save case", key="save_case_button", icon=":material/save:")
        if pressed:
            case = case_of(trace, [finding], note=note, tags=split_tags(tags), by=auth.author())
            caches.case_book().save(case)
            st.session_state["case"] = case.id
            st.session_state["case_saved"] = about
        if st.session_state.get("case_saved") == about:
            st.success("Saved. Find it under Cases, and re-run it there after a fix.", icon=":material/check:")


def _which_run(found: triage.Found) -> Run:
    """The run to save: where a change is being tried, the loss before it unless somebody chooses the present one."""
    loss = tried_fix.loss_before(found)
    if loss is None:
        return found.trace, found.finding
    before, now = VERDICT_LABELS[loss.finding.diagnosis.verdict], VERDICT_LABELS[found.diagnosis.verdict]
    runs = {
        f"Before the change: {before}": (loss.trace, loss.finding),
        f"Now ({tried_fix.changes(loss, found)}): {now}": (found.trace, found.finding),
    }
    return runs[st.radio("Which run to save", list(runs), key="case_run")]


def split_tags(text: str) -> list[str]:
    """`sso, okta` -> [sso, okta]"""
    return list(dict.fromkeys(tag[:60] for part in text.split(",") if (tag := part.strip().replace('"', ""))))
