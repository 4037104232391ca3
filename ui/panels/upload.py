"""Uploading: choose files, look at how they will be read, and index them in the background."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag_core.corpus.collection import Collection
from rag_core.corpus.loading.sandbox import safe_label
from rag_core.corpus.readers.registry import endings, format_names
from rag_core.corpus.sample import SAMPLE
from rag_core.corpus.storage.collection_store import free_name
from rag_core.corpus.storage.orders import IndexingOrder
from rag_core.schema.chunking import Chunking
from ui import caches, indexing, stores
from ui.panels import embedder_choice, upload_preview, views
from ui.panels.upload_preview import Choices
from ui.sidebar import indexes, retrievers

NEW = "A new collection"


FILES = "Files on this machine"
IN_STORE = "It is kept in that database, where you can add to it, and everyone who uses this app sees it."


def upload_form(current: str, owner: str, stored: str = "") -> None:
    """Choose files, where they go and how tables are read; then index them in the background. stored: the store that
    the current collection is kept in; empty: files."""
    files = st.file_uploader(
        "Documents",
        type=endings(),
        accept_multiple_files=True,
        key=f"files_{st.session_state.get('upload_round', 0)}",
        help=f"{format_names()}. Each file is parsed in a separate process with time and memory limits.",
    )
    chosen = upload_preview.show(files)
    places = [NEW] if current == SAMPLE else [NEW, f"Add to {current}"]
    place = st.radio("Where to add them", places, key="where_to", horizontal=True, format_func=views.markdown)
    new = place == NEW
    name = st.text_input(
        "Name of the new collection", "My documents", key="new_collection", max_chars=80, disabled=not new
    )
    size = st.slider("Passage size in tokens", 32, 256, 200, 8, key="new_size", disabled=not new)
    model = embedder_choice.show() if new else embedder_choice.Chosen()
    store = _kept_in() if new else stored
    label = "Index" if new else "Add to collection"
    if st.button(label, key="index", type="primary", icon=":material/upload:", disabled=not files):
        target = _free(name or "", owner, store) if new else current
        _start(target, owner, files, chosen, Chunking(max_tokens=size), embedder_choice.use(model), store, new=new)


def _kept_in() -> str:
    """The store that a new collection is kept in; empty: files. Not asked where there is no other place."""
    names, problems = stores.offered()
    for problem in problems:
        st.warning(views.markdown(problem), icon=":material/broken_image:")
    if not names:
        return ""
    chosen = st.selectbox("Keep it in", ["", *names], key="keep_in", format_func=lambda one: one or FILES)
    if chosen:
        st.caption(IN_STORE)
    return chosen or ""


def _free(name: str, owner: str, store: str) -> str:
    """The name, where no collection has it and none that is being made; nor, in a store, an index or a table."""
    taken = [*caches.visible(owner).names(), *indexing.pending_names(owner)]
    free = free_name(name, [*taken, *(one.name for one in stores.kept().all().found)])
    if store:
        free = free_name(free, [*indexes.names(), *retrievers.offered()])
        stores.into(store).check_free(free)
    return free


def _start(
    name: str,
    owner: str,
    files: list[UploadedFile],
    chosen: Choices,
    chunking: Chunking,
    embedder: str,
    store: str,
    *,
    new: bool,
) -> None:
    """Hand the files over to a job of the library that they go to."""
    order = IndexingOrder(
        action="upload",
        name=name,
        new=new,
        store=store,
        owner=owner if new and not store else None,
        by=owner,
        chunking=chunking,
        embedder=embedder,
        files=tuple(safe_label(file.name) for file in files),
        columns=chosen.columns,
        date_field=chosen.date_field,
    )
    library = caches.private(owner) if new or store else caches.visible(owner).library_of(name)
    indexing.begin(library, order, [file.getvalue() for file in files])
    st.session_state["upload_round"] = st.session_state.get("upload_round", 0) + 1
    st.rerun()


def copy(collection: Collection, owner: str) -> None:
    """Start a private copy of a collection under a name of its own."""
    taken = {*caches.visible(owner).names(), *indexing.pending_names(owner)}
    name = next(f"My sample {n}" for n in range(1, len(taken) + 2) if f"My sample {n}" not in taken)
    order = IndexingOrder(
        action="copy",
        name=name,
        new=True,
        owner=owner,
        by=owner,
        chunking=collection.manifest.chunking,
        embedder=collection.embedder_key,
        sources=collection.files,
    )
    indexing.begin(caches.private(owner), order, documents=collection.documents())
    st.rerun()
