"""Add a reranker for this session: a server by its address, or a model by its hub name or folder."""

from __future__ import annotations

import streamlit as st

from rag_core.errors import BadInput
from rag_core.rerank.hosted.providers import OWN_SERVERS
from rag_core.rerank.hosted.service import HostedReranker
from rag_core.rerank.registry import kinds
from ui import visitors
from ui.panels import views
from ui.panels.reranker_list import sentence_case
from ui.sidebar import access

ASKED_BY = "The machine that runs this app sends the requests, so it reaches what that machine can reach."
OPEN = " No login is set up: anyone who can open this page can make it send requests to any address."


def show() -> None:
    """Both forms, or why there are none."""
    st.subheader("Add your own", anchor=False)
    if refused := visitors.why_nothing_of_ones_own():
        st.caption(refused)
        return
    server, model = st.columns(2, gap="large")
    with server, st.form("add_server"):
        _server()
    with model, st.form("add_model"):
        _model()
    problem = st.session_state.pop("add_problem", None)
    if problem:
        st.error(views.markdown(problem), icon=":material/error:")


def _server() -> None:
    rows = {row.name: row.label for row in OWN_SERVERS}
    st.markdown("**A reranking server**")
    st.selectbox("API type", list(rows), key="server_kind", format_func=lambda name: rows[name])
    st.text_input(
        "Address",
        key="server_address",
        max_chars=190,
        placeholder="http://localhost:8080",
        help=ASKED_BY + (OPEN if visitors.strangers() else ""),
    )
    st.text_input("Model", key="server_model", max_chars=90, help="Only if the server has several models.")
    st.text_input("Key", type="password", key="server_key", max_chars=400, help="Only if the server asks for one.")
    st.form_submit_button("Add the server", on_click=_add_server)


def _add_server() -> None:
    """Check the address without sending anything. The next run shows what is wrong with it."""
    state = st.session_state
    address, model = str(state["server_address"]).strip(), str(state["server_model"]).strip()
    reranker = f"{state['server_kind']}:{address.rstrip('/')}" + (f"#{model}" if model else "")
    secret = str(state["server_key"]).strip()
    state["server_key"] = ""
    try:
        if not address:
            raise BadInput("Enter the server's address, such as http://localhost:8080.")
        HostedReranker.named(reranker)
        access.add(reranker)
    except BadInput as exc:
        state["add_problem"] = str(exc)
        return
    if secret:
        access.keep_key(reranker, secret)
    _look_at(reranker)


def model_kinds() -> dict[str, str]:
    """What a folder or hub name may hold, by the prefix of its key: every kind that takes any model."""
    return {
        prefix: sentence_case(kind.name)
        for kind in kinds().values()
        if kind.takes_any_model
        for prefix in kind.prefixes
    }


def _model() -> None:
    offered = model_kinds()
    st.markdown("**A model**")
    st.selectbox("Kind", list(offered), key="model_kind", format_func=lambda prefix: offered[prefix])
    st.text_input(
        "Hub name or folder",
        key="model_name",
        max_chars=250,
        placeholder="maker/model or /path/to/folder",
        help="A folder on the machine that runs this app, or a name on the model hub. Only safetensors are loaded.",
    )
    st.form_submit_button("Add the model", on_click=_add_model)


def _add_model() -> None:
    state = st.session_state
    name = str(state["model_name"]).strip()
    if not name:
        state["add_problem"] = "Enter a hub name or a folder."
        return
    reranker = str(state["model_kind"]) + name
    try:
        access.add(reranker)
    except BadInput as exc:
        state["add_problem"] = str(exc)
        return
    _look_at(reranker)


def _look_at(reranker: str) -> None:
    """Open its card, whatever the table was filtered by."""
    st.session_state["look"] = reranker
    st.session_state["kind"] = "all"
    st.session_state["ready"] = False
