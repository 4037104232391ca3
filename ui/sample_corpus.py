"""The sample corpus on its first use: indexed in the background, while every page that needs it shows how far it is."""

from __future__ import annotations

import threading

import streamlit as st

from rag_core.corpus.indexing_jobs import SAMPLE_KIND, sample_work
from rag_core.corpus.sample import SAMPLE, is_current
from rag_core.corpus.storage.library import Library
from rag_core.errors import CollectionError
from rag_core.jobs import Job, JobBook
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.settings import Settings
from ui.panels import job_progress

_WAITING = "First start: the sample corpus is being indexed"


@st.cache_resource
def _ready() -> set[str]:
    """`SAMPLE`, once this process has found it as its files are."""
    return set()


@st.cache_resource
def _starting() -> threading.Lock:
    """Two sessions that come at once start one job."""
    return threading.Lock()


def ready(library: Library, settings: Settings, embedder: Embedder) -> bool:
    """Whether the sample is indexed as its files are; looked up until it is, then remembered."""
    if SAMPLE not in _ready() and is_current(library, settings.sample_dir, embedder):
        _ready().add(SAMPLE)
    return SAMPLE in _ready()


def ensure(library: Library, settings: Settings, embedder: Embedder, book: JobBook) -> None:
    """Wait until the sample is indexed, by a job that goes on whoever waits for it. Ends the run of the page where it
    was stopped or failed, with a button to go on."""
    with _starting():
        if ready(library, settings, embedder):
            return
        job = job_progress.latest(book, SAMPLE_KIND)
        if job is None or job.state in ("done", "interrupted"):
            job = book.start(SAMPLE_KIND, 0, sample_work(library, settings.sample_dir, embedder))
    if not job.over:
        job = job_progress.wait(book, job.id, _WAITING, "sample")
    if job.state == "done" and not ready(library, settings, embedder):
        raise CollectionError("The sample corpus was changed while it was indexed. Load the page again.")
    if job.state != "done":
        _ask(job, library, settings, embedder, book)


def _ask(job: Job, library: Library, settings: Settings, embedder: Embedder, book: JobBook) -> None:
    """Say why it is not indexed, and offer to go on."""
    if job.state == "failed":
        st.error(job.message, icon=":material/error:")
    else:
        st.info("Indexing the sample corpus was interrupted. What is done is kept.", icon=":material/pause:")
    if st.button("Index the sample corpus", key="sample_again", icon=":material/play_arrow:"):
        book.start(SAMPLE_KIND, 0, sample_work(library, settings.sample_dir, embedder))
        st.rerun()
    st.stop()
