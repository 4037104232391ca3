"""A case again: on its own collection, and on the open one where that is another, each by a button of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from rag_core.triage import Case, Rerun, rerun, rerun_recorded
from ui import caches
from ui.panels import spent, views, waiting
from ui.sidebar import indexes, searched
from ui.sidebar.state import SidebarState


@dataclass(frozen=True)
class Places:
    """Where a case can be run: `own`, what its collection is called here, empty where it is not here; `other`, the open
    one where that is another, empty where none is."""

    own: str = ""
    other: str = ""

    @property
    def reopened(self) -> str:
        """Which of them Triage asks."""
        return self.own or self.other


def places(choice: SidebarState, case: Case) -> Places:
    """Where it can be run; a sentence where the open collection is not the one that it was saved on."""
    if case.recorded:
        return Places()
    ref = case.trace.collection
    own, live = indexes.name_here(ref), searched.is_live(choice.collection)
    if choice.collection == own:
        return Places(own)
    saved = f"“{own}” ({indexes.kept_in(own)})" if own else f"“{ref.name}”, which is not here"
    told = f"“{choice.collection}” ({indexes.kept_in(choice.collection)}) is open."
    if live:
        told = "" if own else "Choose a collection to run it on."
    st.caption(views.markdown(f"Saved on {saved}. {told}"))
    if live:
        return Places(own)
    if indexes.seen_by(choice.collection):
        st.warning(
            views.markdown(f"“{choice.collection}” is private. A re-run on it stores its passages for everyone here.")
        )
    return Places(own, choice.collection)


def buttons(choice: SidebarState, case: Case, on: Places) -> None:
    """A button for each place."""
    own = "Re-run with the current settings" if not on.other else f"Re-run on {views.label(on.own)}"
    if (case.recorded or on.own) and st.button(own, key="rerun", type="primary", icon=":material/replay:"):
        _keep(choice, case, on.own)
    told = "The expected document is looked for there by its id, its text or its title."
    here = f"Re-run on {views.label(on.other)}"
    if on.other and st.button(
        here, key="rerun_here", type="secondary" if on.own else "primary", icon=":material/replay:", help=told
    ):
        _keep(choice, case, on.other)


def _keep(choice: SidebarState, case: Case, collection: str) -> None:
    with views.guard(), spent.counted("rerun"):
        caches.case_book().add_rerun(_run_again(choice, case, collection))
        st.rerun()


def _run_again(choice: SidebarState, case: Case, collection: str) -> Rerun:
    """The case on the sidebar's settings, as the question is triaged: both say the same."""
    if case.recorded:
        with waiting.stoppable("rerun_run", "Scoring") as board:

            def progress(done: int, total: int) -> None:
                board.progress(done / max(total, 1), f"Scoring, {done} of {total}")

            return rerun_recorded(case, choice.policy, caches.run_scorer(progress))
    there = replace(choice, collection=collection, where=case.trace.where)
    question = caches.question(there, case.query)
    waiting.made_answer(question, waiting.trace(question, choice.policy), choice.chat)
    searched_there = caches.engine(collection, choice.owner)
    elsewhere = collection == choice.collection  # its button says so
    return rerun(case, question, searched_there, choice.policy, choice.chat, elsewhere=elsewhere)
