"""Corpus: upload, look at documents and how they were cut, search within, delete, rename, re-index; connect an index
or a live retriever."""

from __future__ import annotations

import streamlit as st

from rag_core.corpus.collection import Collection
from rag_core.wording.numbers import count_of
from ui import caches, passage_lengths
from ui.charts import chunk_lengths
from ui.panels import candidates as candidates_panel
from ui.panels import (
    changes,
    chart_panel,
    corpus_views,
    file_notes,
    index_form,
    index_view,
    manage_collection,
    retriever_form,
    retriever_view,
    upload,
    views,
)
from ui.sidebar import indexes, retrievers, searched, state
from ui.sidebar.owner import owner as this_owner


def main() -> None:
    """What is being done to collections, then the chosen one: what is in it, and what can be done to it."""
    state.page("Corpus")
    name, owner = searched.collection_choice(), this_owner()
    with views.guard():
        manage_collection.show_damaged(owner)
        changes.show(owner)
        say_what_was_done()
    if retriever := retrievers.offered().get(name):
        retriever_view.show(retriever)
        return
    if index := indexes.find(name):
        index_view.show(name, index)
        return
    top = st.container()
    # With its state on the server the open tab stays open when a rerun draws more or less above it.
    names = ["Documents", "Add documents", "Connect an index", "Connect a retriever", "Passages", "Manage"]
    documents, add, index_tab, connect, passages, manage = st.tabs(names, key="corpus_tab", on_change="rerun")
    with add, views.guard():  # first: you can add documents while the sample is being indexed, or cannot be opened
        upload.upload_form(name, owner)
    with index_tab, views.guard():
        index_form.show()
    with connect, views.guard():
        retriever_form.show()
    with top, views.guard():
        collection = caches.collection(name, owner)
        summary(collection)
        with documents:
            show_documents(collection, name, owner)
        if passages.open:  # else every passage is counted for a chart that nobody sees
            with passages, views.guard():
                show_passages(collection)
        with manage, views.guard():
            manage_collection.show(collection, name, owner)


def say_what_was_done() -> None:
    """The note that an action on this page has left for its next run."""
    if note := st.session_state.pop("corpus_note", None):
        st.success(views.markdown(note), icon=":material/check_circle:")


def summary(collection: Collection) -> None:
    """One line on what this is and who sees it."""
    manifest = collection.manifest
    seen = "shared with everyone who uses this app" if manifest.owner is None else "private to you"
    chunking = manifest.chunking
    st.markdown(
        f"**{count_of(manifest.documents, 'document')}** in **{count_of(manifest.passages, 'passage')}** of up to "
        f"{chunking.max_tokens} tokens{f', {chunking.overlap} repeated' if chunking.overlap else ''}; {seen}."
    )
    made = f"Embedding model {manifest.embedding_model} · {manifest.index} index · {manifest.fingerprint[:12]}"
    st.caption(views.markdown(made))


@st.fragment
def show_documents(collection: Collection, name: str, owner: str) -> None:
    """A table to search and select in; the chosen document with its passage boundaries."""
    wanted = st.text_input(
        "Search the documents", key="within", placeholder="Words in the title or the text", type="search"
    )
    table = corpus_views.documents_table(collection, wanted or "")
    more = ". Search to see others." if len(table) == corpus_views.LISTED else ""
    st.caption(f"{len(table):,} of {collection.ref.documents:,} documents{more}")
    if table.empty:
        st.info("No document contains these words.", icon=":material/search_off:")
        return
    names = {column: column.capitalize() if column != "id" else "Document" for column in table.columns}
    # A key of its own for these rows: a choice never passes to other documents that come to stand in its place.
    rows = f"{collection.ref.fingerprint[:12]}_{wanted}_{st.session_state.get('deleted', 0)}"
    picked = st.dataframe(
        table,
        key=f"documents_{rows}",
        column_config=names,
        hide_index=True,
        height=300,
        on_select="rerun",
        selection_mode="multi-row",
    )
    chosen = [str(table.iloc[row]["id"]) for row in picked.selection.rows if row < len(table)]
    if chosen and not manage_collection.read_only(name):
        label = f"Delete {count_of(len(chosen), 'document')}"
        if st.button(label, key="delete", icon=":material/delete:", type="tertiary"):
            manage_collection.confirm_delete(collection, owner, chosen)
    ids = [str(value) for value in table["id"]]
    place = ids.index(chosen[0]) if chosen and chosen[0] in ids else 0
    document_id = st.selectbox("Read a document", ids, index=place, key=f"document_{place}_{len(ids)}")
    document = collection.document(document_id or ids[0])
    passages = collection.passages_of(document.id)
    st.header(views.markdown(document.title or document.id), anchor=False)
    facts = [f"{key}: {value}" for key, value in candidates_panel.document_facts(document).items()]
    st.caption(views.markdown(" · ".join([count_of(len(passages), "passage"), *facts])))
    corpus_views.document_with_passages(document, passages)
    file_notes.show_files(collection)


def show_passages(collection: Collection) -> None:
    """How long the passages are."""
    lengths = passage_lengths.token_lengths(collection)
    limit = collection.manifest.chunking.max_tokens
    every = passage_lengths.every_nth(collection)
    st.caption(chunk_lengths.caption(lengths, limit) + (f" Counted in one passage of {every:,}." if every > 1 else ""))
    chart_panel.draw(chunk_lengths.figure(lengths, limit, state.palette()), "lengths")


main()
