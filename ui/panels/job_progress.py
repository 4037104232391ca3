"""A background job in the page: its progress with a button to cancel it, then its result.

The job's state is read from the database, so that a page that is loaded again finds it.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rag_core.triage import Job
from ui import caches

REFRESH_S = 1.0


@st.fragment(run_every=REFRESH_S)
def watch(job_id: str, told: Callable[[Job], str], result: Callable[[Job], None]) -> None:
    """How far the job is, in the words of `told`; when it is over, once, the whole page is drawn again with it."""
    job = caches.job_book().get(job_id)
    watched = f"watched_{job.kind}"
    if job.over:
        result(job)
        if st.session_state.get(watched) == job.id:
            del st.session_state[watched]
            st.rerun()
        return
    st.session_state[watched] = job.id
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, job.done / max(job.total, 1)), told(job))
        if st.button("Cancel", key=f"cancel_{job.kind}", icon=":material/stop:", disabled=job.cancel):
            caches.job_book().cancel(job.id)
