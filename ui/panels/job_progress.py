"""A background job in the page: its progress with a button to stop it, then its result.

The job's state is read from the database, so that a page that is loaded again finds it. Only a running job is looked at
again and again; one that is over is drawn like anything else.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from rag_core.jobs import Job, JobBook
from rag_core.schema.records import listing
from ui.panels import views

REFRESH_S = 1.0
WAIT_S = 0.3


def latest(book: JobBook, kind: str) -> Job | None:
    """The newest job of that kind; None before the first. One that cannot be read is left out with a note."""
    found = listing([(f"last {kind}", lambda: book.latest(kind))])
    views.left_out("job", found.left_out)
    return next(iter(found.found), None)


def watch(book: JobBook, job: Job, told: Callable[[Job], str], result: Callable[[Job], None]) -> None:
    """How far the job is, in the words of `told`; where it is over, its result."""
    if job.over:
        result(job)
    else:
        running(book, job.id, told, job.kind)


@st.fragment(run_every=REFRESH_S)
def running(book: JobBook, job_id: str, told: Callable[[Job], str], key: str) -> None:
    """A bar and Stop, drawn anew each second. Once the job is over the whole page is drawn again, without them."""
    job = book.get(job_id)
    if job.over:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.fraction, told(job))
        st.button(
            "Stop",
            key=f"stop_{key}",
            icon=":material/stop_circle:",
            on_click=book.cancel,
            args=(job.id,),
            disabled=job.cancel,
        )


def wait(book: JobBook, job_id: str, label: str, key: str) -> Job:
    """The job once it is over, with a bar and Stop until then. A click elsewhere ends the waiting, not the job."""
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, label)
        st.button("Stop", key=f"stop_{key}", icon=":material/stop_circle:", on_click=book.cancel, args=(job_id,))
    while not (job := book.get(job_id)).over:
        bar.progress(job.fraction, f"{label}. {job.message}" if job.message else label)
        time.sleep(WAIT_S)
    place.empty()
    return job
