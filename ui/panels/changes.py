"""What is being done to collections in the background, what was stopped, and what came of it."""

from __future__ import annotations

import streamlit as st

from rag_core.corpus.indexing_jobs import left_out
from rag_core.jobs import Job
from rag_core.wording.numbers import count_of
from ui import caches, indexing
from ui.indexing import Change
from ui.panels import corpus_views, file_notes, job_progress, views
from ui.panels.upload_preview import renamed
from ui.sidebar import searched

WATCHED = "watched_changes"
"""Session key: the orders whose progress this session has seen."""

DOING = {
    "upload": "Adding {files} to {name}",
    "copy": "Copying into {name}",
    "rechunk": "Cutting {name} into passages again",
    "delete": "Deleting {documents} from {name}",
    "share": "Sharing {name}",
}


def show(owner: str) -> None:
    """One box for every change that this visitor may see, the newest first."""
    changes = indexing.changes(owner)
    views.left_out("change", changes.left_out)
    for change in reversed(changes.found):
        with st.container(border=True, key=f"change_{change.order.id}"):
            _SHOWN[change.state](change)


def _title(change: Change) -> str:
    order = change.order
    files, documents = count_of(len(order.files), "file"), count_of(len(order.document_ids), "document")
    return views.markdown(DOING[order.action].format(name=order.name, files=files, documents=documents))


def _running(change: Change) -> None:
    st.markdown(f"**{_title(change)}**")
    job_progress.running(caches.job_book(), change.order.id, _told, change.order.id)
    st.caption("You can keep working or close this page. The work continues, and you find it here when you come back.")
    if change.order.new:
        st.session_state.setdefault(WATCHED, set()).add(change.order.id)


def _told(job: Job) -> str:
    return "Stopping after this step" if job.cancel else views.markdown(job.message or "Starting")


def _unfinished(change: Change) -> None:
    """Stopped or interrupted: go on, or forget it."""
    job = change.job
    how = "Stopped" if change.state == "cancelled" else "Interrupted"
    far = f" after {job.done:,} of {job.total:,}" if job and job.total else ""
    st.markdown(f"**{_title(change)}**")
    st.info(f"{how}{far}. What was read and embedded is kept.", icon=":material/pause:")
    _results(change)
    _go_on_or_discard(change, "Continue")


def _failed(change: Change) -> None:
    st.markdown(f"**{_title(change)}**")
    st.error(views.markdown(change.job.message if change.job else ""), icon=":material/error:")
    _results(change)
    _go_on_or_discard(change, "Try again")


def _go_on_or_discard(change: Change, label: str) -> None:
    key = change.order.id
    with st.container(horizontal=True):
        if st.button(label, key=f"go_on_{key}", icon=":material/play_arrow:", type="primary"):
            with views.guard():
                indexing.go_on(change.library, change.order)
            st.rerun()
        st.button("Discard", key=f"discard_{key}", on_click=indexing.discard, args=(change,))


def _done(change: Change) -> None:
    """What came of it. Whoever watched a new collection being made is taken to it."""
    watched = st.session_state.get(WATCHED, set())
    if change.order.id in watched:
        watched.discard(change.order.id)
        searched.go_to_collection(change.order.name)
        st.rerun()
    st.success(views.markdown(change.job.message if change.job else ""), icon=":material/check_circle:")
    if skipped := left_out(change.outcome.files):
        st.warning("\n\n".join(views.markdown(one) for one in skipped), icon=":material/warning:")
    with st.container(horizontal=True):
        if change.order.action in ("upload", "copy"):
            ask_about(change.order.name)
        st.button("Close", key=f"close_{change.order.id}", on_click=indexing.discard, args=(change,))
    _results(change)


def ask_about(name: str) -> None:
    """A button that goes to Inspect on this collection."""
    if st.button("Ask about them", key="ask_about", type="primary", icon=":material/manage_search:"):
        searched.to_inspect(name)


def _results(change: Change) -> None:
    """A row per uploaded file, with the reason where it could not be read."""
    files = change.outcome.files
    for given, label in renamed([*change.order.files]):
        st.info(views.markdown(f"Another file is called {given} too: the later one was indexed as {label}."))
    if files:
        wide = {"What was wrong": st.column_config.TextColumn(width=460)}
        table = corpus_views.upload_results(files)
        st.dataframe(table, hide_index=True, key=f"results_{change.order.id}", column_config=wide)
        file_notes.show_notes(change.outcome.sources, f"notes_{change.order.id}")


_SHOWN = {
    "running": _running,
    "cancelled": _unfinished,
    "interrupted": _unfinished,
    "failed": _failed,
    "done": _done,
}
