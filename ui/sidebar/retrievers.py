"""The live retrievers that this session can ask: those of the environment, and those that it connected.

What a session connected, its key above all, is kept in this session's state only: not in links, caches, runs or logs,
and no other session sees it.
"""

from __future__ import annotations

import streamlit as st
from pydantic import SecretStr

from rag_core.errors import BadInput
from rag_core.runs.live import LiveRetriever, RetrieverConfig
from rag_core.runs.live.named import read_named
from ui import caches, each_run, visitors
from ui.each_run import once_a_run
from ui.sidebar import offered_names
from ui.sidebar.owner import owner

KEY = "retrievers"
"""Session key: the retrievers that were connected here, by name."""


@once_a_run
def shared() -> tuple[dict[str, LiveRetriever], dict[str, str]]:
    """Those that the environment offers to everyone, and what is wrong with each that cannot be asked. Raises BadInput
    where its file cannot be used."""
    return read_named(caches.settings().retrievers)


def problem() -> str:
    """What is wrong with the environment's file, or which names a collection has taken; empty where nothing is."""
    return offered_names.problem(shared, own(), "live retriever", "Rename the retriever to ask it.")


def own() -> dict[str, LiveRetriever]:
    """Those that this session connected; none where visitors may not."""
    mine: dict[str, LiveRetriever] = st.session_state.get(KEY, {})
    return {} if visitors.why_nothing_of_ones_own() else dict(mine)


@once_a_run
def offered() -> dict[str, LiveRetriever]:
    """Every retriever that this session can ask, by name. None that a collection has: the collection is searched."""
    try:
        every = {**own(), **shared()[0]}
    except BadInput:
        every = own()
    taken = set(caches.visible(owner()).names())
    return {name: one for name, one in every.items() if name not in taken}


def chosen() -> LiveRetriever | None:
    """The retriever that is chosen in the sidebar, before that is drawn; None where a collection is."""
    state = st.session_state
    name = state.get("go_to") or state.get("c") or st.query_params.get("c")
    return offered().get(str(name))


def connect(name: str, config: RetrieverConfig, key: str) -> str:
    """Keep it in this session; its name. Raises BadInput where visitors may not, or the name is taken."""
    if refused := visitors.why_nothing_of_ones_own():
        raise BadInput(refused)
    name = name.strip() or config.place
    known, problems = shared()
    if name in known or name in problems or name in caches.visible(owner()).names():
        raise BadInput(f"The name {name} is taken. Choose another one.")
    st.session_state[KEY] = {**own(), name: LiveRetriever(name, config, SecretStr(key) if key else None)}
    each_run.forget()
    return name


def forget(name: str) -> None:
    """Remove what this session connected under that name, with its key."""
    st.session_state[KEY] = {known: one for known, one in own().items() if known != name}
    each_run.forget()
