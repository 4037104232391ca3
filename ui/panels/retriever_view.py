"""A live retriever in full: what is asked and how its answer is read, never its key. Offer it to everyone, or remove
it."""

from __future__ import annotations

import streamlit as st

from rag_core.corpus.sample import SAMPLE
from rag_core.runs.live import LiveRetriever
from rag_core.runs.live.named import as_json
from ui.panels import retriever_form, views
from ui.sidebar import retrievers, searched


def show(retriever: LiveRetriever) -> None:
    """The chosen retriever, and the form that connects another."""
    this, another = st.tabs(["This retriever", "Connect another"], key="retriever_tab", on_change="rerun")
    with this, views.guard():
        _facts(retriever)
        mine = retriever.name in retrievers.own()
        with st.container(horizontal=True):
            if st.button("Ask it on Inspect", key="ask_retriever", type="primary", icon=":material/manage_search:"):
                searched.to_inspect(retriever.name)
            if mine:
                st.button(
                    "Remove",
                    key="remove_retriever",
                    icon=":material/link_off:",
                    on_click=_remove,
                    args=(retriever.name,),
                )
        if mine:
            _for_everyone(retriever)
    with another, views.guard():
        retriever_form.show()


def _facts(retriever: LiveRetriever) -> None:
    """What is sent where, and where the results are."""
    config = retriever.config
    seen = "connected in this session" if retriever.name in retrievers.own() else "offered to everyone"
    kind = retriever_form.KINDS[config.kind]
    key = " · sends a key" if retriever.key else ""
    st.markdown(f"**{views.markdown(retriever.name)}**: {views.markdown(kind)}, {seen}.")
    st.caption(views.markdown(f"Asks {config.place} for {config.top_k} results{key}. Scores: {config.space.value}."))
    if config.kind == retriever_form.FUNCTION:
        return
    endpoint = config.endpoint()
    with st.expander("What is sent, and where the results are", icon=":material/account_tree:"):
        st.code(
            f"{endpoint.method} {endpoint.url}\n{endpoint.body if endpoint.method == 'POST' else ''}".strip(),
            language=None,
        )
        paths = {retriever_form.PARTS[part][0]: path for part, path in dict(endpoint.fields).items() if path}
        st.dataframe([{"Part": part, "Path": path} for part, path in paths.items()], hide_index=True, key="ret_paths")


def _for_everyone(retriever: LiveRetriever) -> None:
    """The entry of the installation's file that offers it to everyone."""
    with st.expander("Offer it to everyone", icon=":material/group:"):
        st.markdown(
            "Save this as `retrievers.json`, start the app with `SECOND_PASS_RETRIEVERS=retrievers.json`, and name the "
            "environment variable of its key with `key_env`. The file holds no key."
        )
        st.code(as_json(retriever.name, retriever.config), language="json")


def _remove(name: str) -> None:
    retrievers.forget(name)
    st.session_state["corpus_note"] = f"{name} is removed, with its key."
    searched.go_to_collection(SAMPLE)
