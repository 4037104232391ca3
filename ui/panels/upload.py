"""Uploading: many files at once, parsed apart, indexed with a progress bar, a result per file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag_core.corpus.collection import Collection
from rag_core.corpus.indexing import StepProgress
from rag_core.corpus.loading.columns import CsvColumns, guess_columns
from rag_core.corpus.loading.sandbox import Upload, parse_uploads
from rag_core.corpus.readers.base import DEFAULT_LIMITS, Limits, Source
from rag_core.corpus.readers.registry import endings, format_names, preview
from rag_core.corpus.sample import SAMPLE
from rag_core.corpus.source_files import replaced_documents
from rag_core.corpus.storage.collection_store import free_name
from rag_core.errors import BadInput, DocumentError
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile
from rag_core.wording.numbers import count_of
from ui import caches
from ui.panels import corpus_views, file_notes, views
from ui.sidebar import state

NAMED = 10
WORDS = {"chunking": "Cutting into passages", "embedding": "Embedding", "indexing": "Indexing", "writing": "Saving"}


def upload_form(current: str, owner: str) -> None:
    """Choose files, where they go and how tables are read; then index. The last results stay on the page."""
    files = st.file_uploader(
        "Documents",
        type=endings(),
        accept_multiple_files=True,
        key=f"files_{st.session_state.get('upload_round', 0)}",
        help=f"{format_names()}. Each file is read apart, with limits.",
    )
    new = "A new collection"
    places = [new] if current == SAMPLE else [new, f"Add to {current}"]
    place = st.radio("Where to", places, key="where_to", horizontal=True, format_func=views.markdown)
    name = st.text_input(
        "Name of the new collection", "My documents", key="new_collection", max_chars=80, disabled=place != new
    )
    size = st.slider("Passage size in tokens", 32, 256, 200, 8, key="new_size", disabled=place != new)
    columns = _column_choices(files)
    if st.button("Index", key="index", type="primary", icon=":material/upload:", disabled=not files):
        target = free_name(name or "", caches.collection_names(owner)) if place == new else current
        uploads = _parse(files, columns)
        documents = [document for upload in uploads for document in upload.loaded.documents]
        st.session_state["uploads"] = uploads
        if not documents:
            raise BadInput(f"Nothing was indexed. {' '.join(left_out(uploads))}")
        files_read = [file for upload in uploads for file in upload.loaded.files]
        _index(target, owner, documents, files_read, Chunking(max_tokens=size), new=place == new)
    if st.session_state.get("uploads"):
        _results(st.session_state["uploads"])


def _results(uploads: list[Upload]) -> None:
    st.markdown("**Last upload**")
    wide = {"What was wrong": st.column_config.TextColumn(width=460)}
    table = corpus_views.upload_results(uploads)
    st.dataframe(table, hide_index=True, key="upload_results", column_config=wide)
    file_notes.show_notes([file for upload in uploads for file in upload.loaded.files], "upload_notes")


def _column_choices(files: list[UploadedFile]) -> dict[int, CsvColumns]:
    """For each table, by its place among the files: which columns are text and title; a guess stands there already."""
    chosen = {}
    for place, file in enumerate(files):
        table = _preview(file.file_id, file)
        if table:
            chosen[place] = _columns_of(file, *table)
    return chosen


@st.cache_data(max_entries=200, show_spinner=False)
def _preview(file_id: str, _file: UploadedFile) -> tuple[list[str], list[list[str]]] | None:  # noqa: ARG001 - the key
    """Columns and first rows as the parser will read them; None for no table, or where it will not read the file, and
    then says why itself."""
    if _file.size > DEFAULT_LIMITS.file_mb * 2**20:
        return None
    source = Source(_file.name, _file.getvalue(), Limits(rows=100))
    try:
        return preview(source)
    except DocumentError:
        return None


def _columns_of(file: UploadedFile, header: list[str], rows: list[list[str]]) -> CsvColumns:
    """One table's columns, as a person chooses them."""
    guess = guess_columns(header, rows)
    with st.expander(views.markdown(f"Columns of {file.name}"), icon=":material/table:"):
        text = st.multiselect("Text", header, default=list(guess.text), key=f"text_{file.file_id}")
        title = st.selectbox(
            "Title",
            [None, *header],
            index=header.index(guess.title) + 1 if guess.title else 0,
            key=f"title_{file.file_id}",
        )
    return CsvColumns(text=tuple(text) or guess.text, title=title, id=guess.id)


def _parse(files: list[UploadedFile], columns: dict[int, CsvColumns]) -> list[Upload]:
    bar = st.progress(0.0, "Reading files")

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, f"Read {done} of {total} files")

    uploads = parse_uploads([(file.name, file.getvalue()) for file in files], columns=columns, progress=progress)
    bar.empty()
    return uploads


def _index(
    name: str, owner: str, documents: list[Document], files: list[SourceFile], chunking: Chunking, *, new: bool
) -> None:
    """Build or extend the collection, then show it."""
    replaced: list[str] = []
    if new:
        library = caches.private(owner)
        collection = with_progress(
            lambda progress: library.build(
                name, documents, chunking, caches.embedder(), progress, owner=owner, files=files
            )
        )
    else:
        library = caches.library_of(name, owner)
        known = caches.collection(name, owner)
        replaced = sorted(replaced_documents(known.documents(), known.files, documents, files))
        collection = with_progress(
            lambda progress: library.add(name, documents, caches.embedder(), progress, files=files)
        )
    name = collection.manifest.name
    verb = "was" if len(documents) == 1 else "were"
    note = f"{count_of(len(documents), 'document')} {verb} indexed in {name}. Ask about them on the Inspect page."
    st.session_state["upload_note"] = [note, *_replaced(replaced)]
    st.session_state["upload_left_out"] = list(left_out(st.session_state["uploads"]))
    st.session_state["upload_round"] = st.session_state.get("upload_round", 0) + 1
    state.go_to_collection(name)
    st.rerun()


def _replaced(ids: list[str]) -> Iterable[str]:
    """A sentence that names the documents that were there and are not any more; none where there are none."""
    if ids:
        more = f" and {len(ids) - NAMED:,} more" if len(ids) > NAMED else ""
        which = "a document that was" if len(ids) == 1 else f"{len(ids):,} documents that were"
        yield f"They replaced {which} there: {', '.join(ids[:NAMED])}{more}."


def left_out(uploads: list[Upload]) -> Iterator[str]:
    """What could not be read, each with its reason; the first few by name, the others counted."""
    problems = [problem for upload in uploads for problem in upload.loaded.problems]
    for problem in problems[:NAMED]:
        yield f"Left out: {problem.name}: {problem.reason}"
    if len(problems) > NAMED:
        yield f"Left out: {len(problems) - NAMED:,} more, named in the table of the upload."


def copy(collection: Collection, owner: str) -> None:
    """A private copy of a collection under a name of its own."""
    taken = caches.collection_names(owner)
    name = next(f"My sample {n}" for n in range(1, len(taken) + 2) if f"My sample {n}" not in taken)
    library = caches.private(owner)
    chunking = collection.manifest.chunking
    with_progress(
        lambda progress: library.build(
            name, collection.documents(), chunking, caches.embedder(), progress, owner=owner, files=collection.files
        )
    )
    state.go_to_collection(name)
    st.rerun()


def with_progress(work: Callable[[StepProgress], Collection]) -> Collection:
    """Run indexing work under a progress bar that names what is being done."""
    bar = st.progress(0.0, "Starting")

    def progress(step: str, done: int, total: int) -> None:
        bar.progress(min(1.0, done / max(total, 1)), f"{WORDS.get(step, step)}: {done:,} of {total:,}")

    try:
        return work(progress)
    finally:
        bar.empty()
