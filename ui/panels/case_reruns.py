"""All open cases again, in the background: each on its own collection, and those whose collection is not here on the
open one, where somebody says so."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from rag_core.diagnosis.expected import Corpus, SearchedCorpus
from rag_core.errors import CollectionError, SecondPassError
from rag_core.pipeline.pipeline import Pipeline
from rag_core.schema.documents import CollectionRef
from rag_core.triage import CaseSummary, Job, RerunOutcome, Status, rerun_all
from rag_core.wording.durations import ago
from rag_core.wording.numbers import count_of, verb
from ui import auth, caches
from ui.panels import job_progress, views
from ui.panels.case_list import shown
from ui.sidebar import indexes, searched
from ui.sidebar.state import SidebarState

KIND = "rerun"


def runner(choice: SidebarState) -> None:
    """Run all open cases again; the progress is read from the database, so a reload finds it."""
    open_cases = [row for row in caches.case_book().find(status=Status.OPEN).found if shown(row)]
    private = [
        row for row in open_cases if not row.recorded and indexes.may_be_private(row.collection, row.fingerprint)
    ]
    if private and not st.checkbox(
        f"Include {count_of(len(private), 'case')} on your private collections: their passages are stored for everyone",
        key="rerun_private",
    ):
        open_cases = [row for row in open_cases if row not in private]
        left = "1 private case is" if len(private) == 1 else f"{len(private)} private cases are"
        st.caption(f"{left} left out; include {'it' if len(private) == 1 else 'them'} above.")
    elsewhere = _elsewhere(choice, open_cases)
    if choice.chat:
        st.caption(views.markdown(f"{choice.chat.config.model} answers each case again: one request a case."))
    latest = job_progress.latest(caches.job_book(), KIND)
    running = latest is not None and not latest.over
    if st.button(
        f"Re-run {count_of(len(open_cases), 'open case')} with the current settings",
        key="rerun_all",
        icon=":material/replay:",
        disabled=running or not open_cases,
    ):
        _start(choice, open_cases, elsewhere)
        st.rerun()
    if latest is not None:
        job_progress.watch(caches.job_book(), latest, _far, _result)


def _elsewhere(choice: SidebarState, open_cases: Sequence[CaseSummary]) -> set[str]:
    """Names the cases whose collection is not here; the ids of those that are to run on the open one."""
    book = caches.case_book()
    gone = [row for row in open_cases if not row.recorded and not indexes.name_here(book.collection_of(row.id))]
    if not gone:
        return set()
    names = [f"“{name}”" for name in dict.fromkeys(row.collection for row in gone)]
    of = verb(len(names), "a collection that is not here", "collections that are not here")
    are = f"{count_of(len(gone), 'open case')} {verb(len(gone))} of {of}: {', '.join(names)}"
    if searched.is_live(choice.collection):
        st.caption(views.markdown(f"{are}. Choose a collection to re-run {verb(len(gone), 'it', 'them')} on."))
        return set()
    on = f"Re-run {verb(len(gone), 'it', 'them')} on “{views.label(choice.collection)}”, the one that is open"
    private = ": its passages are stored for everyone" if indexes.seen_by(choice.collection) else ""
    st.caption(views.markdown(f"{are}."))
    chosen = st.checkbox(f"{on}{private}", key="rerun_elsewhere")
    return {row.id for row in gone} if chosen else set()


def _start(choice: SidebarState, open_cases: Sequence[CaseSummary], elsewhere: set[str]) -> None:
    """Open every collection here, where a page can show progress; the thread only runs."""
    opened: dict[str, tuple[Pipeline, Corpus | SearchedCorpus] | str] = {}
    for row in open_cases:
        if row.recorded or (key := _key(ref := caches.case_book().collection_of(row.id))) in opened:
            continue
        try:
            name = choice.collection if row.id in elsewhere else indexes.name_of(ref)
            opened[key] = caches.pipeline(name, choice.owner), caches.engine(name, choice.owner)
        except SecondPassError as exc:
            opened[key] = str(exc)

    def open_collection(ref: CollectionRef) -> tuple[Pipeline, Corpus | SearchedCorpus]:
        found = opened[_key(ref)]
        if isinstance(found, str):
            raise CollectionError(found)
        return found

    ids, book, scorer = [row.id for row in open_cases], caches.case_book(), caches.run_scorer()
    work = rerun_all(book, ids, open_collection, choice.policy, choice.chat, scorer, elsewhere=elsewhere)
    caches.job_book().start(KIND, len(ids), work, by=auth.author())


def _key(ref: CollectionRef) -> str:
    return ref.id or ref.fingerprint


def _far(job: Job) -> str:
    return f"{job.done} of {count_of(job.total, 'case')} re-run"


def _result(job: Job) -> None:
    when = ago((datetime.now(UTC) - job.started_at).total_seconds())
    of = f"{job.done} of {count_of(job.total, 'case')}"
    states = {
        "done": f"{count_of(job.total, 'case')} re-run {when}: {job.message}.",
        "cancelled": f"The re-run was stopped after {of}: {job.message}.",
        "failed": f"The re-run failed after {of}. {job.message}",
        "interrupted": f"The re-run was interrupted after {of}. Start it again.",
    }
    st.html(f'<div data-testid="job" class="sp-path">{html.escape(states[job.state])}</div>')
    outcomes = caches.case_book().outcomes(job.id)
    wanted = [one for one in (RerunOutcome.NEWLY_LOST, RerunOutcome.FAILED) if one in outcomes.values()]
    for outcome in wanted:
        st.warning(f"{sum(each is outcome for each in outcomes.values())} {outcome}", icon=":material/warning:")
