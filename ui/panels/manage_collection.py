"""What can be done to a collection as a whole, and the dialogs that ask before something is taken away."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rag_core.corpus.collection import Collection
from rag_core.corpus.sample import SAMPLE
from rag_core.corpus.storage.collection_store import free_name
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.orders import IndexingOrder
from rag_core.corpus.storage.own_model import key_for
from rag_core.errors import SecondPassError
from rag_core.evaluation.calibration_book import CalibrationBook
from rag_core.retrieval.embedders.naming import parse_key
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.wording.numbers import count_of
from ui import caches, indexing
from ui.panels import upload, views
from ui.sidebar import calibrated, searched

NAMED = 10
"""Documents that a dialog names before it counts the rest."""


def read_only(name: str) -> bool:
    """The sample stays as it is, so that every figure about it can be repeated."""
    return name == SAMPLE


def show(collection: Collection, name: str, owner: str) -> None:
    """Re-index, rename, share, remove; the sample is copied instead."""
    if read_only(name):
        st.info("The sample corpus cannot be changed. Make a copy to re-chunk it or to change its documents.")
        if st.button("Make a copy", key="copy", icon=":material/content_copy:"):
            upload.copy(collection, owner)
        return
    library = caches.visible(owner).library_of(name)
    with st.form("reindex"):
        st.markdown("**Chunking**")
        now = collection.manifest.chunking
        size = st.slider("Passage size in tokens", 32, 256, min(now.max_tokens, 256), 8, key="size")
        overlap = st.slider("Overlap in tokens", 0, 64, min(now.overlap, 64), 4, key="overlap")
        model = _model(collection)
        if st.form_submit_button("Re-chunk", icon=":material/refresh:"):
            chunking = Chunking(max_tokens=size, overlap=overlap)
            begin(library, IndexingOrder(action="rechunk", name=name, by=owner, chunking=chunking, embedder=model))
    with st.form("rename"):
        new = st.text_input("Name", value=name, key="new_name", max_chars=80)
        if st.form_submit_button("Rename", icon=":material/edit:") and new and new != name:
            others = [each for each in caches.visible(owner).names() if each != name]
            renamed = free_name(new, others)
            rename(name, renamed, library.rename)
            done(f"{name} is now called {renamed}.", go_to=renamed)
    if collection.manifest.owner is not None and st.button("Share with everyone", key="share", icon=":material/group:"):
        begin(library, IndexingOrder(action="share", name=name, by=owner))
    if st.button("Remove this collection", key="remove", icon=":material/delete_forever:"):
        confirm_remove(collection, library)


def rename(name: str, new_name: str, give: Callable[[str, str], object]) -> None:
    """Let `give(name, new_name)` give a collection its new name, and its calibrations go along. Where these cannot, it
    has its old name again. Raises SecondPassError for either."""
    calibrations = calibrated.book(name)
    give(name, new_name)
    try:
        calibrations.rename(name, new_name)
    except SecondPassError as exc:
        give(new_name, name)
        raise SecondPassError(f"{name} keeps its name: its calibrations could not be renamed. {exc}") from exc


def _model(collection: Collection) -> str:
    """The key of the embedding model that it is indexed with again: its own or the app's."""
    own, app = key_for(collection.manifest, caches.settings()), caches.settings().embedding_model
    if own == app:
        return own
    labels = {own: f"As before: {parse_key(own).label}", app: f"This app's: {parse_key(app).label}"}
    told = f"Its own sends every passage that is new to {parse_key(own).goes_to}." if parse_key(own).remote else None
    return st.selectbox("Embedding model", list(labels), key="reindex_model", format_func=labels.__getitem__, help=told)


def begin(library: Library, order: IndexingOrder) -> None:
    """Start a change of the collection in the background; the top of the page shows how far it is."""
    indexing.begin(library, order)
    st.rerun()


@st.dialog("Remove collection")
def confirm_remove(collection: Collection, library: Library) -> None:
    """Removing names what goes, and can be called off."""
    name, size = collection.manifest.name, collection.ref
    told = f"{name} with its {count_of(size.documents, 'document')} and {count_of(size.passages, 'passage')}"
    st.markdown(views.markdown(f"{told} will be removed for good."))
    if confirmed("Remove this collection", "remove"):
        with views.guard():
            calibrations = calibrated.book(name)
            library.remove(name)
            removed(name, calibrations)


def removed(name: str, calibrations: CalibrationBook, left: str = "") -> None:
    """Say that a collection is gone, and go to the sample. What may be `left` of it is a note: its calibrations too."""
    try:
        calibrations.forget(name)
    except SecondPassError as exc:
        left = f"{left} Its calibrations may be left: {exc}".strip()
    done(f"{name} was removed. {left}".strip(), go_to=SAMPLE)


def done(note: str, go_to: str | None = None) -> None:
    """Say what was done on the next run, on the collection that it concerns."""
    st.session_state["corpus_note"] = note
    if go_to:
        searched.go_to_collection(go_to)
    st.rerun()


@st.dialog("Delete documents")
def confirm_delete(collection: Collection, owner: str, ids: list[str]) -> None:
    """Deleting names what goes, and can be called off."""
    name = collection.manifest.name
    titles = [f"- {views.markdown(_called(collection.document(one)))}" for one in ids[:NAMED]]
    more = [f"- and {len(ids) - NAMED:,} more"] if len(ids) > NAMED else []
    st.markdown("\n".join([f"From {views.markdown(name)}, for good:", "", *titles, *more]))
    if confirmed(f"Delete {count_of(len(ids), 'document')}", "delete"):
        with views.guard():
            order = IndexingOrder(action="delete", name=name, by=owner, document_ids=tuple(ids))
            indexing.begin(caches.visible(owner).library_of(name), order)
            st.session_state["deleted"] = st.session_state.get("deleted", 0) + 1
            st.rerun()


def _called(document: Document) -> str:
    """Title and id, so that two documents with one title can be told apart."""
    return f"{document.title} ({document.id})" if document.title and document.title != document.id else document.id


def confirmed(label: str, key: str) -> bool:
    """Two buttons at the end of a dialog that takes something away; Cancel closes it."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel", key=f"{key}_cancel"):
            st.rerun()
        return st.button(f":red[{label}]", key=f"{key}_sure", icon=":material/delete_forever:")


def show_damaged(owner: str) -> None:
    """Collections that no list shows, for their manifest cannot be read. Those that are damaged can be removed."""
    for place, library in {"shared": caches.shared(), "own": caches.private(owner)}.items():
        for problem in library.problems():
            st.warning(views.markdown(str(problem)), icon=":material/warning:")
        damaged = library.damaged()
        label = f"Remove {count_of(damaged, 'damaged collection')}"
        if damaged and st.button(label, key=f"remove_damaged_{place}", icon=":material/delete_forever:"):
            confirm_remove_damaged(library, damaged)


@st.dialog("Remove damaged collections")
def confirm_remove_damaged(library: Library, count: int) -> None:
    """Removing asks first."""
    what = count_of(count, "damaged collection")
    st.markdown(f"{what} will be removed for good, with anything that you could still recover from the files by hand.")
    if confirmed(f"Remove {what}", "remove_damaged"):
        with views.guard():
            library.remove_damaged()
            done(f"{what} removed.")
