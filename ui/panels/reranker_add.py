"""Name a reranker of one's own: a server by its address, or a model by its hub name or folder. For this session."""

from __future__ import annotations

import streamlit as st

from rag_core.errors import BadInput
from rag_core.rerank.hosted.providers import OWN_SERVERS
from rag_core.rerank.hosted.service import HostedReranker
from rag_core.rerank.known import COLBERT, CROSS_ENCODER, PACKAGED
from ui import auth, caches
from ui.panels import views
from ui.sidebar import access

FETCHED = "The machine that runs this app asks the address, so it reaches what that machine reaches."
OPEN = " No login is set up: whoever can open this page can make it ask any address."
SCHEMES = {"Cross-encoder": CROSS_ENCODER, "ColBERT": COLBERT, "T5 (rerankers package)": f"{PACKAGED}t5:"}
"""What a folder or hub name may hold, and the key that names it."""


def show() -> None:
    """Both forms, or why there are none."""
    st.subheader("Add one of your own", anchor=False)
    if not caches.settings().own_models:
        st.caption("Switched off on this installation (SECOND_PASS_OWN_MODELS).")
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
    st.selectbox("Speaks as", list(rows), key="server_kind", format_func=lambda name: rows[name])
    st.text_input(
        "Address",
        key="server_address",
        max_chars=190,
        placeholder="http://localhost:8080",
        help=FETCHED + ("" if auth.configured() else OPEN),
    )
    st.text_input("Model", key="server_model", max_chars=90, help="Only where the server has several.")
    st.text_input("Key", type="password", key="server_key", max_chars=400, help="Only where the server asks for one.")
    st.form_submit_button("Add the server", on_click=_add_server)


def _add_server() -> None:
    """Checks the address, asks nobody. A wrong one is said on the next run."""
    state = st.session_state
    address, model = str(state["server_address"]).strip(), str(state["server_model"]).strip()
    reranker = f"{state['server_kind']}:{address.rstrip('/')}" + (f"#{model}" if model else "")
    secret = str(state["server_key"]).strip()
    state["server_key"] = ""
    try:
        if not address:
            raise BadInput("Type the server's address, such as http://localhost:8080.")
        HostedReranker.named(reranker)
        access.add(reranker)
    except BadInput as exc:
        state["add_problem"] = str(exc)
        return
    if secret:
        access.keep_key(reranker, secret)
    _look_at(reranker)


def _model() -> None:
    st.markdown("**A model**")
    st.selectbox("Kind", list(SCHEMES), key="model_kind")
    st.text_input(
        "Hub name or folder",
        key="model_name",
        max_chars=250,
        placeholder="maker/model or /path/to/folder",
        help="A folder on the machine that runs this app, or a name of the model hub. Only safetensors are loaded.",
    )
    st.form_submit_button("Add the model", on_click=_add_model)


def _add_model() -> None:
    state = st.session_state
    name = str(state["model_name"]).strip()
    if not name:
        state["add_problem"] = "Type a hub name or a folder."
        return
    reranker = SCHEMES[state["model_kind"]] + name
    access.add(reranker)
    _look_at(reranker)


def _look_at(reranker: str) -> None:
    """Show it, whatever the table was filtered by."""
    st.session_state["look"] = reranker
    st.session_state["kind"] = "all"
    st.session_state["ready"] = False
