"""What can be done to a collection in a store, and the dialogs that ask before something is taken away."""

from __future__ import annotations

import streamlit as st

from rag_core.corpus.storage.collection_store import free_name
from rag_core.retrieval.engines.index_kinds import kind_named
from rag_core.wording.numbers import count_of
from ui import caches, index_caches, stores
from ui.panels import views
from ui.panels.manage_collection import NAMED, confirmed, done, removed, rename
from ui.sidebar import calibrated, indexes, retrievers
from ui.sidebar.indexes import Connected
from ui.sidebar.owner import owner

LISTED = 200
"""Passages whose documents are offered for deletion; others go by their ids."""

REPLACING = "To replace a document, add a file of the same name."
SOME = f"The documents of the first {LISTED} passages are listed. Type the id of any other one."
OTHERWISE = (
    "There is nothing to share: everyone who uses this app sees the collection. Other passage sizes or another model "
    "need a table of their own: add the documents to a new collection."
)


def show(name: str, connected: Connected, *, seen: bool) -> None:
    """Rename, delete documents, remove. seen: whether it is looked at; only then is the server asked for documents."""
    with st.form("rename_stored_form"):
        new = st.text_input("Name", value=name, key="new_name_stored", max_chars=80)
        if st.form_submit_button("Rename", key="rename_stored", icon=":material/edit:") and new and new != name:
            _rename(name, new)
    with st.container(border=True):
        if seen:
            _documents(name, connected)
    with st.container(border=True):
        where = views.markdown(connected.index.store)
        st.caption(f"Deletes the collection in {where}, with its passages, for everyone who uses this app.")
        if st.button("Remove this collection", key="remove_stored", icon=":material/delete_forever:"):
            _confirm_remove(name, connected)
    st.caption(OTHERWISE)


def _rename(name: str, wanted: str) -> None:
    """Under that name, its calibrations too. Raises BadInput where it is taken."""
    taken = [*caches.visible(owner()).names(), *indexes.names(), *retrievers.offered()]
    renamed = free_name(wanted, [one for one in taken if one != name])
    rename(name, renamed, stores.kept().rename)
    done(f"{name} is now called {renamed}. Its table keeps its name.", go_to=renamed)


def _documents(name: str, connected: Connected) -> None:
    """Choose documents to delete: of the first passages, or by their ids."""
    first = connected.collection.index.listed(LISTED)
    known = list(dict.fromkeys(one.document_id for one in first))
    chosen = st.multiselect(
        "Delete documents", known, key=f"stored_documents_{st.session_state.get('deleted', 0)}",
        accept_new_options=True, placeholder="Choose documents, or type the id of one",
    )  # fmt: skip
    st.caption(f"{SOME} {REPLACING}" if len(first) == LISTED else REPLACING)
    label = f"Delete {count_of(len(chosen), 'document')}" if chosen else "Delete"
    if st.button(label, key="delete_stored", icon=":material/delete:", disabled=not chosen):
        stores.into(connected.index.store).check_there(name, chosen)
        _confirm_delete(name, connected, chosen)


@st.dialog("Delete documents")
def _confirm_delete(name: str, connected: Connected, ids: list[str]) -> None:
    """Deleting names what goes, and can be called off."""
    named = [f"- {views.markdown(one)}" for one in ids[:NAMED]]
    more = [f"- and {len(ids) - NAMED:,} more"] if len(ids) > NAMED else []
    st.markdown("\n".join([f"From {views.markdown(name)}, for good:", "", *named, *more]))
    if confirmed(f"Delete {count_of(len(ids), 'document')}", "delete_stored"):
        with views.guard():
            stores.into(connected.index.store).remove_documents(name, ids)
            st.session_state["deleted"] = st.session_state.get("deleted", 0) + 1
            done(f"{count_of(len(ids), 'document')} deleted from {name}.")


@st.dialog("Remove collection")
def _confirm_remove(name: str, connected: Connected) -> None:
    """Removing deletes the table or collection, and can be called off."""
    with views.guard():
        table = f"{name} ({connected.index.config.place})"
        size = count_of(connected.collection.index.count(), "passage")
        noun = kind_named(connected.index.config.kind).noun
        st.markdown(views.markdown(f"The {noun} of {table} will be deleted for good, with its {size}."))
        if confirmed("Remove this collection", "remove_stored"):
            calibrations = calibrated.book(name)
            left = stores.into(connected.index.store).remove(name)
            index_caches.forget()
            removed(name, calibrations, left)
