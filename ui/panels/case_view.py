"""One case: saving it, looking at it then and now, and saying what became of it."""

from __future__ import annotations

import html

import pandas as pd
import streamlit as st

from rag_core.errors import CaseConflict
from rag_core.report.case import case_report
from rag_core.report.run_fix_text import no_first_pass_text, not_replayed_text
from rag_core.schema.records import Listing
from rag_core.schema.trace import Trace
from rag_core.triage import (
    Case,
    Finding,
    Rerun,
    RerunOutcome,
    Status,
    differences,
    export_cases,
    not_replayed,
)
from rag_core.wording.elsewhere import elsewhere_text
from rag_core.wording.numbers import count_of, score_text, titles_of
from rag_core.wording.verdicts import sentence
from ui import auth, caches
from ui.panels import (
    case_again,
    case_list,
    case_save,
    live_case,
    loss_strip,
    run_triage,
    spent,
    to_triage,
    triage,
    views,
)
from ui.panels.answer import card
from ui.panels.manage_collection import confirmed
from ui.sidebar import indexes
from ui.sidebar.state import SidebarState


def show(choice: SidebarState, case_id: str) -> None:
    """A case: its question, then against now, and what people say about it."""
    book = caches.case_book()
    case = book.get(case_id)
    runs = book.reruns_of(case_id, limit=1)
    views.headline(case.query)
    st.caption(
        views.markdown(
            f"{_about(case)} · saved {case.created_at:%Y-%m-%d %H:%M} UTC"
            + (f" by {case.created_by}" if case.created_by else "")
        )
    )
    named = case.trace.collection
    if case.recorded:
        left = not_replayed(case.trace, choice.policy)
        said = (REPLAYS, no_first_pass_text(choice.policy, left), not_replayed_text(case.trace, left))
        st.caption(views.markdown(" ".join(filter(None, said))))
    elif indexes.may_be_private(named.name, named.fingerprint):
        st.warning("This case is about a private collection. A re-run stores its passages for everyone here.")
    on = case_again.places(choice, case)
    with st.container(horizontal=True):
        case_again.buttons(choice, case, on)
        live_case.button(case)
        if case.recorded or on.reopened:
            st.button(
                "Open in Triage",
                key="reopen",
                icon=":material/troubleshoot:",
                on_click=_reopen,
                args=(case, on.reopened),
            )
        with st.popover("Copy link", icon=":material/link:"):
            st.code(case_list.address(case.id), language=None)
            st.caption("Opens this case for everyone who can use this app.")
        st.download_button(
            "Report (HTML)",
            lambda: case_report(case, runs.found),
            f"case-{case.id[:8]}.html",
            "text/html",
            key="case_report",
            icon=":material/description:",
            help="The case as one file for a ticket or a mail: opens alone, holds no script.",
            on_click="ignore",
        )
        st.download_button(
            "Download (JSONL)",
            lambda: export_cases([case]),
            f"case-{case.id[:8]}.jsonl",
            "application/jsonl",
            key="download_case",
            icon=":material/download:",
            on_click="ignore",
        )
    spent.of_work("rerun")
    then, now = st.columns(2, gap="large")
    with then:
        _side("Then", case.trace, case.findings, "answer_then")
    with now:
        _now(case, runs)
    _revise(case)


REPLAYS = (
    "A re-run replays the recorded run with the current reranker, pool, threshold and top-k. Nothing is searched again."
)


def _about(case: Case) -> str:
    """`Handbook`, or `support-bot, recorded run r1 of 2026-11-28 09:30`."""
    if case.trace.origin is None:
        return case.trace.collection.name
    origin = case.trace.origin
    return f"{origin.project}, recorded run {origin.run_id} of {case.trace.measured_at:%Y-%m-%d %H:%M}"


def _reopen(case: Case, collection: str) -> None:
    """Fill the form of Triage with the case, over this collection, or open its recorded run there."""
    if case.recorded:
        run_triage.reopen(case.trace, case.findings[0].location.expected)
        st.session_state["view"] = triage.FIND
    else:
        quote = case.findings[0].location.expected.quote
        to_triage.fill(to_triage.Filled(case.trace, case.documents[0], quote, collection))


def _now(case: Case, runs: Listing[Rerun]) -> None:
    views.left_out("re-run", runs.left_out)
    if not runs.found:
        st.subheader("Now", anchor=False)
        st.caption("Not re-run yet.")
        return
    run = runs.found[0]
    where = elsewhere_text(case, run)
    if run.trace is None:
        st.subheader("Now", anchor=False)
        st.caption(views.markdown(where))
        st.error(views.markdown(run.error), icon=":material/error:")
        return
    _side(f"Now: {run.outcome}", run.trace, run.findings, "answer_now", where)
    _agree(case, run)
    changed = differences(case.trace, run.trace)
    if changed:
        st.caption("Differences")
        st.dataframe(
            pd.DataFrame([(d.what, d.then, d.now) for d in changed], columns=["What", "Then", "Now"]),
            hide_index=True,
            key="differences",
        )
    else:
        st.caption("Settings, models and documents are the same.")


DISAGREE = {
    (Status.OPEN, RerunOutcome.FIXED): ("Mark as fixed", Status.FIXED),
    (Status.FIXED, RerunOutcome.STILL_LOST): ("Reopen", Status.OPEN),
    (Status.FIXED, RerunOutcome.NEWLY_LOST): ("Reopen", Status.OPEN),
}
"""Where a case's status is not what its last re-run found: the button that makes it so, and the status that it sets."""


def _agree(case: Case, run: Rerun) -> None:
    """A button where the status says one thing and the re-run another."""
    if (case.status, run.outcome) not in DISAGREE:
        return
    label, status = DISAGREE[case.status, run.outcome]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(views.markdown(f"The case is marked “{case.status}”."))
        if st.button(label, key="agree", icon=":material/flag:"):
            with views.guard():
                caches.case_book().revise(case, status=status, by=auth.author())
                st.session_state.pop(f"seen_{case.id}", None)
                st.session_state[f"status_{case.id}"] = status
                st.rerun()


def _side(title: str, trace: Trace, findings: tuple[Finding, ...], key: str, where: str = "") -> None:
    """One side: where it ran, unless on the case's own collection; verdict and way of each expected document, and what
    was kept."""
    st.subheader(title, anchor=False)
    if where:
        st.caption(views.markdown(where))
    for finding in findings:
        triage.badge(finding.diagnosis)
        st.markdown(views.markdown(sentence(finding.diagnosis)))
        st.html(loss_strip.markup(finding.diagnosis))
    expected = {passage_id for finding in findings for passage_id in finding.location.passage_ids}
    st.html(kept_list(trace, expected))
    if trace.recorded_answer:
        card(trace, trace.recorded_answer, key=key, heading="The answer")


def kept_list(trace: Trace, expected: set[str]) -> str:
    """The kept passages in order, the expected ones marked."""
    kept = trace.kept_step
    titles = titles_of(one.passage for one in trace.kept)
    items = "".join(
        f"<li>{'<b>' if hit.passage_id in expected else ''}{html.escape(titles[hit.passage_id])}"
        f"{' (expected)</b>' if hit.passage_id in expected else ''} "
        f"<small>{html.escape(score_text(hit.score, kept.space))}</small></li>"
        for hit in kept.hits
    )
    return f'<ol class="sp-list">{items}</ol>' if items else '<p class="sp-path">Nothing was kept.</p>'


def _revise(case: Case) -> None:
    """Status, note and tags. Somebody else's change in between is shown, and nothing is overwritten."""
    with st.form(f"revise_{case.id}"):
        left, right = st.columns([1, 3])
        status = left.selectbox("Status", list(Status), index=list(Status).index(case.status), key=f"status_{case.id}")
        tags = left.text_input("Tags", ", ".join(case.tags), key=f"tags_{case.id}")
        note = right.text_area("Note", case.note, key=f"note_{case.id}", max_chars=20_000)
        auth.ask_author()
        saved = st.form_submit_button("Save changes", key="revise", icon=":material/save:")
    if saved:
        seen: Case = st.session_state.get(f"seen_{case.id}", case)
        try:
            caches.case_book().revise(seen, status=status, note=note, tags=case_save.split_tags(tags), by=auth.author())
            st.session_state.pop(f"seen_{case.id}", None)
            st.rerun()
        except CaseConflict as exc:
            st.error(views.markdown(str(exc)), icon=":material/group:")
            st.caption("The note as it is saved now")
            st.code(case.note, language=None, wrap_lines=True)
            st.session_state[f"seen_{case.id}"] = case
    else:
        st.session_state.setdefault(f"seen_{case.id}", case)
    if st.button("Delete", key="delete_case", icon=":material/delete:", type="tertiary"):
        _confirm_delete(case)


@st.dialog("Delete case")
def _confirm_delete(case: Case) -> None:
    """Deleting names what goes, and can be called off."""
    runs = count_of(len(caches.case_book().reruns_of(case.id, limit=1000).found), "re-run")
    saved = f"saved {case.created_at:%Y-%m-%d %H:%M} UTC{f' by {case.created_by}' if case.created_by else ''}"
    st.markdown(views.markdown(f"“{case.query}”, {saved}, will be deleted for everyone, with its note and {runs}."))
    if confirmed("Delete this case", "delete_case"):
        with views.guard():
            caches.case_book().delete(case.id)
            st.session_state.pop("case", None)
            st.session_state["cases_deleted"] = st.session_state.get("cases_deleted", 0) + 1
            st.rerun()
