"""What is searched: the choice of a collection or of a live retriever, the first control of the sidebar."""

from __future__ import annotations

import streamlit as st

from rag_core.corpus.sample import SAMPLE
from ui import caches, links
from ui.navigation import FOLDER
from ui.panels import views
from ui.sidebar import by_words, indexes, retrievers
from ui.sidebar.owner import owner

LIVE = "live_names"
"""Session key: the names of the live retrievers that the choice offers."""
HELP = (
    "What is searched: documents, an index of yours, or a live retriever. Add documents or connect either on the "
    "Corpus page."
)


def is_live(name: str) -> bool:
    """Whether that was a live retriever when the choice was drawn last."""
    return name in st.session_state.get(LIVE, ())


def collection_choice() -> str:
    """The collection or retriever that is chosen in the sidebar. Stops the page where a link names one that you cannot
    see."""
    sent = "go_to" in st.session_state
    if sent:
        st.session_state["c"] = st.session_state.pop("go_to")
    live = retrievers.offered()
    st.session_state[LIVE] = frozenset(live)
    connected = indexes.names()
    names = list(dict.fromkeys([*caches.visible(owner()).names(), *connected, *live]))
    asked = st.query_params.get("c")
    if asked and asked not in names and not sent:  # sent away from it, the link still names the one left behind
        st.warning(views.markdown(_not_here(asked)), icon=":material/link_off:")
        st.button("Use the sample corpus", key="use_sample", on_click=go_to_collection, args=(SAMPLE,))
        st.stop()  # a question in the link is about that collection, and is asked of no other
    with st.sidebar:
        chosen = st.selectbox("Collection", names, key="c", bind="query-params", help=HELP) or SAMPLE
        if retriever := live.get(chosen):
            st.caption(f":material/bolt: Live retriever · {views.markdown(retriever.config.place)}")
        elif index := indexes.find(chosen):
            where = f"Kept in {index.index.store}" if index.index.store else "Connected index"
            st.caption(f":material/database: {views.markdown(f'{where} · {index.index.config.place}')}")
            by_words.say_who_reads(index.index.config.embedder)
            check = indexes.checked_before(index)
            if check and not check.fits:
                st.warning(views.markdown(str(check)), icon=":material/warning:")
        elif caches.ready(chosen):
            by_words.show(caches.manifest(chosen, owner()), caches.settings())
        for problem in filter(None, (retrievers.problem(), indexes.problem())):
            st.warning(views.markdown(problem), icon=":material/broken_image:")
    return chosen


def _not_here(name: str) -> str:
    """The message for a link to a collection that this session cannot see."""
    return (
        f"There is no collection {name} that you can see. It may be private to another person or browser, it was "
        "removed, or it is an index or a retriever that another session connected. Nothing was searched. Choose a "
        "collection, ask its owner to share it, or connect the retriever or index again on the Corpus page."
    )


def go_to_collection(name: str) -> None:
    """Choose this collection on the next run (a drawn control cannot be changed in the same run)."""
    st.session_state["go_to"] = name


def to_inspect(name: str) -> None:
    """Go to Inspect, with this collection or retriever chosen."""
    go_to_collection(name)
    links.forget_run()
    st.switch_page(FOLDER / "1_inspect.py", query_params=links.without_collection())
