"""Corpus: upload, look at documents and how they were cut, search within, delete, rename, re-index."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from rag_core.corpus.collection import Collection
from rag_core.corpus.sample import SAMPLE
from rag_core.corpus.storage.collection_store import free_name
from rag_core.corpus.storage.library import Library
from rag_core.schema.chunking import Chunking
from rag_core.wording.numbers import count_of
from ui import caches
from ui.charts import chunk_lengths
from ui.panels import candidates as candidates_panel
from ui.panels import corpus_views, file_notes, upload, views
from ui.sidebar import state


def main() -> None:
    """The chosen collection: what is in it, and what can be done to it."""
    state.page("Corpus")
    name, owner = state.collection_choice(), state.owner()
    with views.guard():
        show_damaged(owner)
        collection = caches.collection(name, owner)
        summary(collection)
        # With its state on the server the open tab stays open when a rerun draws more or less above it.
        names = ["Documents", "Add documents", "Passages", "Manage"]
        documents, add, passages, manage = st.tabs(names, key="corpus_tab", on_change="rerun")
        with documents:
            show_documents(collection, name, owner)
        with add, views.guard():
            upload.upload_form(name, owner)
        with passages:
            show_passages(collection)
        with manage, views.guard():
            show_manage(collection, name, owner)


def show_damaged(owner: str) -> None:
    """Collections that no list shows, for their manifest cannot be read; removing them is all that can be done."""
    for place, library in {"shared": caches.shared(), "own": caches.private(owner)}.items():
        problems = library.problems()
        for problem in problems:
            st.warning(views.markdown(str(problem)), icon=":material/warning:")
        label = f"Remove {count_of(len(problems), 'damaged collection')}"
        if problems and st.button(label, key=f"remove_damaged_{place}", icon=":material/delete_forever:"):
            confirm_remove_damaged(library, len(problems))


@st.dialog("Remove damaged collections")
def confirm_remove_damaged(library: Library, count: int) -> None:
    """Removing asks first."""
    what = count_of(count, "damaged collection")
    st.markdown(f"{what} will be removed for good, with whatever could still be saved from the files by hand.")
    if st.button("Remove", key="remove_damaged_sure", type="primary"):
        with views.guard():
            library.remove_damaged()
            done(f"{what} removed.")


def summary(collection: Collection) -> None:
    """One line on what this is and who sees it."""
    manifest = collection.manifest
    seen = "seen by everybody who uses this app" if manifest.owner is None else "seen in this browser session only"
    chunking = manifest.chunking
    st.markdown(
        f"**{count_of(manifest.documents, 'document')}** in **{count_of(manifest.passages, 'passage')}** of up to "
        f"{chunking.max_tokens} tokens{f', {chunking.overlap} repeated' if chunking.overlap else ''}; {seen}."
    )
    made = f"Embedding model {manifest.embedding_model} · {manifest.index} index · {manifest.fingerprint[:12]}"
    st.caption(views.markdown(made))
    for upload_note in st.session_state.pop("upload_note", []):
        st.success(views.markdown(upload_note), icon=":material/check_circle:")
    if left_out := st.session_state.pop("upload_left_out", []):
        st.warning("\n\n".join(views.markdown(one) for one in left_out), icon=":material/warning:")


@st.fragment
def show_documents(collection: Collection, name: str, owner: str) -> None:
    """A table to search and select in; the chosen document with its passage boundaries."""
    wanted = st.text_input("Search within", key="within", placeholder="Words in the title or the text", type="search")
    table = corpus_views.documents_table(collection, wanted or "")
    st.caption(f"{len(table):,} of {collection.ref.documents:,} documents")
    if table.empty:
        st.info("No document holds these words.", icon=":material/search_off:")
        return
    names = {column: column.capitalize() if column != "id" else "Document" for column in table.columns}
    picked = st.dataframe(
        table,
        key="documents",
        column_config=names,
        hide_index=True,
        height=300,
        on_select="rerun",
        selection_mode="multi-row",
    )
    chosen = [str(table.iloc[row]["id"]) for row in picked.selection.rows if row < len(table)]
    deletable = bool(chosen) and not read_only(name)
    if deletable and st.button(f"Delete {count_of(len(chosen), 'document')}", key="delete", icon=":material/delete:"):
        confirm_delete(name, owner, chosen)
    ids = [str(value) for value in table["id"]]
    place = ids.index(chosen[0]) if chosen and chosen[0] in ids else 0
    document_id = st.selectbox("Document in full", ids, index=place, key=f"document_{place}_{len(ids)}")
    document = collection.document(document_id or ids[0])
    passages = collection.passages_of(document.id)
    st.subheader(views.markdown(document.title or document.id), anchor=False)
    facts = [f"{key}: {value}" for key, value in candidates_panel.document_facts(document).items()]
    st.caption(views.markdown(" · ".join([f"{len(passages)} passages", *facts])))
    corpus_views.document_with_passages(document, passages)
    file_notes.show_files(collection)


@st.dialog("Delete documents")
def confirm_delete(name: str, owner: str, ids: list[str]) -> None:
    """Deleting asks first."""
    st.markdown(views.markdown(f"{count_of(len(ids), 'document')} of {name} will be removed from the index."))
    if st.button("Delete", key="delete_sure", type="primary"):
        with views.guard():
            caches.library_of(name, owner).delete_documents(name, ids)
            st.session_state["upload_note"] = [f"{count_of(len(ids), 'document')} deleted from {name}."]
            st.rerun()


def show_passages(collection: Collection) -> None:
    """How long the passages are."""
    lengths = caches.token_lengths(collection)
    limit = collection.manifest.chunking.max_tokens
    st.caption(chunk_lengths.caption(lengths, limit))
    st.plotly_chart(
        chunk_lengths.figure(lengths, limit, state.palette()),
        key="lengths",
        theme=None,
        config={"displayModeBar": False},
    )


def read_only(name: str) -> bool:
    """The sample stays as it is, so that every figure about it can be repeated."""
    return name == SAMPLE


def show_manage(collection: Collection, name: str, owner: str) -> None:
    """Re-index, rename, save for all, remove; the sample is copied instead."""
    if read_only(name):
        st.info("The sample stays as it is. Make a copy to cut it differently or to change its documents.")
        if st.button("Make my own copy", key="copy", icon=":material/content_copy:"):
            upload.copy(collection, owner)
        return
    library = caches.library_of(name, owner)
    with st.form("reindex"):
        st.markdown("**Chunking**")
        now = collection.manifest.chunking
        size = st.slider("Passage size in tokens", 32, 256, min(now.max_tokens, 256), 8, key="size")
        overlap = st.slider("Overlap in tokens", 0, 64, min(now.overlap, 64), 4, key="overlap")
        if st.form_submit_button("Cut and index again", icon=":material/refresh:"):
            chunking = Chunking(max_tokens=size, overlap=overlap)
            upload.with_progress(lambda progress: library.reindex(name, chunking, caches.embedder(), progress))
            done(f"{name} was cut anew into passages of up to {size} tokens.")
    with st.form("rename"):
        new = st.text_input("Name", value=name, key="new_name", max_chars=80)
        if st.form_submit_button("Rename", icon=":material/edit:") and new and new != name:
            others = [each for each in caches.collection_names(owner) if each != name]
            renamed = library.rename(name, free_name(new, others)).name
            done(f"{name} is now called {renamed}.", go_to=renamed)
    if collection.manifest.owner is not None and st.button("Save for all", key="share", icon=":material/group:"):
        library.share_to(caches.shared(), name)
        done(f"Everybody who uses this app now sees {name}.")
    if st.button("Remove this collection", key="remove", icon=":material/delete_forever:"):
        confirm_remove(name, lambda: library.remove(name))


@st.dialog("Remove collection")
def confirm_remove(name: str, remove: Callable[[], None]) -> None:
    """Removing asks first."""
    st.markdown(views.markdown(f"{name} and its index will be removed for good."))
    if st.button("Remove", key="remove_sure", type="primary"):
        with views.guard():
            remove()
            done(f"{name} was removed.", go_to=SAMPLE)


def done(note: str, go_to: str | None = None) -> None:
    """Say what was done on the next run, on the collection that it concerns."""
    st.session_state["upload_note"] = [note]
    if go_to:
        state.go_to_collection(go_to)
    st.rerun()


main()
