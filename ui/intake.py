"""Uploading: many files at once, parsed apart, indexed with a progress bar, a result per file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag_core.config import Chunking
from rag_core.corpus.collection import Collection
from rag_core.corpus.columns import CsvColumns, guess_columns
from rag_core.corpus.indexing import StageProgress
from rag_core.corpus.sample import SAMPLE
from rag_core.corpus.sandbox import Upload, parse_uploads
from rag_core.errors import BadInput
from rag_core.narrative import counted
from rag_core.types import Document
from ui import cached, corpus_views, state, views

TYPES = ["pdf", "docx", "html", "htm", "md", "markdown", "txt", "csv", "json", "jsonl"]
WORDS = {"chunking": "Cutting into passages", "embedding": "Embedding", "indexing": "Indexing", "writing": "Saving"}


def upload_form(current: str, owner: str) -> None:
    """Choose files, where they go and how tables are read; then index. The last results stay on the page."""
    files = st.file_uploader(
        "Documents",
        type=TYPES,
        accept_multiple_files=True,
        key=f"files_{st.session_state.get('upload_round', 0)}",
        help="PDF, Word, HTML, Markdown, text, CSV, JSON and JSON Lines. Each file is read apart, with limits.",
    )
    new = "A new collection"
    places = [new] if current == SAMPLE else [new, f"Add to {current}"]
    place = st.radio("Where to", places, key="where_to", horizontal=True)
    name = st.text_input(
        "Name of the new collection", "My documents", key="new_collection", max_chars=80, disabled=place != new
    )
    size = st.slider("Passage size in tokens", 32, 256, 200, 8, key="new_size", disabled=place != new)
    columns = _column_choices(files)
    if st.button("Index", key="index", type="primary", icon=":material/upload:", disabled=not files):
        uploads = _parse(files, columns)
        documents = [document for upload in uploads for document in upload.loaded.documents]
        st.session_state["uploads"] = uploads
        if not documents:
            raise BadInput("None of these files could be read; the table below says why. Nothing was indexed.")
        target = (name or "").strip() if place == new else current
        _index(target, owner, documents, Chunking(max_tokens=size), new=place == new)
    if st.session_state.get("uploads"):
        _results(st.session_state["uploads"])


def _results(uploads: list[Upload]) -> None:
    st.markdown("**Last upload**")
    st.dataframe(corpus_views.upload_results(uploads), hide_index=True, key="upload_results")
    for upload in uploads:
        for problem in upload.loaded.problems:
            st.warning(views.markdown(f"{problem.name}: {problem.reason}"), icon=":material/warning:")


def _column_choices(files: list[UploadedFile]) -> dict[str, CsvColumns]:
    """For each CSV: which columns are text and title; a guess stands there already."""
    chosen = {}
    for file in files:
        if not file.name.lower().endswith(".csv"):
            continue
        head = list(csv.reader(io.StringIO(file.getvalue()[:20_000].decode("utf-8", "replace"))))[:20]
        header = head[0] if head else []
        if not header:
            continue
        guess = guess_columns(header, head[1:])
        with st.expander(f"Columns of {file.name}", icon=":material/table:"):
            text = st.multiselect("Text", header, default=list(guess.text), key=f"text_{file.file_id}")
            title = st.selectbox(
                "Title",
                [None, *header],
                index=header.index(guess.title) + 1 if guess.title else 0,
                key=f"title_{file.file_id}",
            )
        chosen[file.name] = CsvColumns(text=tuple(text) or guess.text, title=title, id=guess.id)
    return chosen


def _parse(files: list[UploadedFile], columns: dict[str, CsvColumns]) -> list[Upload]:
    bar = st.progress(0.0, "Reading files")

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, f"Read {done} of {total} files")

    uploads = parse_uploads([(file.name, file.getvalue()) for file in files], columns=columns, progress=progress)
    bar.empty()
    return uploads


def _index(name: str, owner: str, documents: list[Document], chunking: Chunking, *, new: bool) -> None:
    """Build or extend the collection, then show it."""
    if new:
        if name in cached.collection_names(owner):
            raise BadInput(f"There is a collection called {name} already. Choose another name, or add to that one.")
        library = cached.private(owner)
        with_progress(
            lambda progress: library.build(name, documents, chunking, cached.embedder(), progress, owner=owner)
        )
    else:
        library = cached.library_of(name, owner)
        with_progress(lambda progress: library.add(name, documents, cached.embedder(), progress))
    verb = "was" if len(documents) == 1 else "were"
    note = f"{counted(len(documents), 'document')} {verb} indexed in {name}. Ask about them on the Inspect page."
    st.session_state["upload_note"] = [note]
    st.session_state["upload_round"] = st.session_state.get("upload_round", 0) + 1
    state.go_to_collection(name)
    st.rerun()


def copy(collection: Collection, owner: str) -> None:
    """A private copy of a collection under a name of its own."""
    taken = cached.collection_names(owner)
    name = next(f"My sample {n}" for n in range(1, len(taken) + 2) if f"My sample {n}" not in taken)
    library = cached.private(owner)
    chunking = collection.manifest.chunking
    with_progress(
        lambda progress: library.build(name, collection.documents(), chunking, cached.embedder(), progress, owner=owner)
    )
    state.go_to_collection(name)
    st.rerun()


def with_progress(work: Callable[[StageProgress], Collection]) -> Collection:
    """Run indexing work under a progress bar that names what is being done."""
    bar = st.progress(0.0, "Starting")

    def progress(stage: str, done: int, total: int) -> None:
        bar.progress(min(1.0, done / max(total, 1)), f"{WORDS.get(stage, stage)}: {done:,} of {total:,}")

    try:
        return work(progress)
    finally:
        bar.empty()
