"""A connected index in full: where it is, which field is which, whether its model fits, its first passages; never its
secret. Offer it to everyone, or remove it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag_core.corpus.sample import SAMPLE
from rag_core.retrieval.engines.index_kinds import kind_named
from rag_core.retrieval.engines.named_indexes import as_json
from rag_core.wording.connected_indexes import PARTS
from rag_core.wording.numbers import count_of
from ui import visitors
from ui.panels import index_form, index_search, manage_stored, upload, views
from ui.sidebar import indexes, searched
from ui.sidebar.indexes import Connected
from ui.sidebar.owner import owner

FIRST = 20
"""Passages that are shown without a question."""


def show(name: str, connected: Connected) -> None:
    """The chosen index, and the form that connects another; one that was made here can be added to and managed."""
    kept = ["This collection", "Add documents", "Manage", "Connect an index"]
    names = kept if connected.index.store else ["This index", "Connect another"]
    this, *changing, another = st.tabs(names, key=f"index_tab_{len(names)}", on_change="rerun")
    if changing:
        add, manage = changing
        _change(name, connected, add, manage, seen=bool(manage.open))
    with this, views.guard():
        _facts(connected)
        with st.container(horizontal=True):
            if st.button("Ask it on Inspect", key="ask_index", type="primary", icon=":material/manage_search:"):
                searched.to_inspect(name)
            st.button(
                "Search again", key="search_again", icon=":material/refresh:", on_click=indexes.search_again,
                args=(name,), help="Forgets what was found in it, for it may have changed since.",
            )  # fmt: skip
            if connected.mine:
                st.button("Remove", key="remove_index", icon=":material/link_off:", on_click=_remove, args=(name,))
        _passages(connected)
        if connected.mine:
            _for_everyone(connected)
    with another, views.guard():
        index_form.show()


def _change(name: str, connected: Connected, add: DeltaGenerator, manage: DeltaGenerator, *, seen: bool) -> None:
    """Documents are added in one tab; all other changes are in the other. seen: whether that one is open."""
    if refused := visitors.why_nothing_of_ones_own():
        for tab in (add, manage):
            tab.caption(refused)
        return
    with add, views.guard():
        upload.upload_form(name, owner(), connected.index.store)
    with manage, views.guard():
        manage_stored.show(name, connected, seen=seen)


def _facts(connected: Connected) -> None:
    """What is searched how, and whether the model fits."""
    config = connected.index.config
    seen = "connected in this session" if connected.mine else "offered to everyone"
    if connected.index.store:
        seen = f"kept in {views.markdown(connected.index.store)} and seen by everyone who uses this app"
    st.markdown(f"**{views.markdown(connected.index.name)}**: {kind_named(config.kind).label}, {seen}.")
    told = [
        config.place,
        config.namespace,
        index_search.SEARCHES[config.searches].lower(),
        "exact" if config.exact else "",
    ]
    told.append(f"sparse vectors by {config.sparse_model}" if config.sparse_model else "")
    told.append("its own fusion by scores (DBSF)" if config.fusion == "dbsf" else "")
    told.append("sends a secret" if connected.index.secret else "")
    st.caption(views.markdown(" · ".join(filter(None, told))))
    with st.expander("Which field is which part", icon=":material/account_tree:"):
        fields = {PARTS[part][0]: name for part, name in config.fields.model_dump().items() if name}
        st.dataframe([{"Part": part, "Field": name} for part, name in fields.items()], hide_index=True, key="ix_parts")
    check = indexes.check_of(connected)
    (st.caption if check.fits else st.warning)(views.markdown(str(check)))


def _passages(connected: Connected) -> None:
    """How many there are, and the first of them."""
    collection = connected.collection
    st.subheader(count_of(collection.size(), "passage"), anchor=False)
    if not collection.capabilities.listing:
        return
    rows = [{"Id": one.id, "Title": one.title, "Document": one.document_id, "Text": one.text}
            for one in collection.index.listed(FIRST)]  # fmt: skip
    st.dataframe(rows, hide_index=True, key="index_passages")


def _for_everyone(connected: Connected) -> None:
    """The entry of the installation's file that offers it to everyone."""
    with st.expander("Offer it to everyone", icon=":material/group:"):
        st.markdown(
            "Save this as `indexes.json`, start the app with `SECOND_PASS_INDEXES=indexes.json`, and name the "
            "environment variable of its password or key with `secret_env`. The file holds neither."
        )
        st.code(as_json(connected.index.config), language="json")


def _remove(name: str) -> None:
    indexes.forget(name)
    st.session_state["corpus_note"] = f"{name} is removed, with its secret."
    searched.go_to_collection(SAMPLE)
