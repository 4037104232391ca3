"""The chat model of this session: set up in a dialog or in the environment.

What you type is kept in this session's state only: not in links, traces, reports, logs or a cache that another session
reads. Streamlit adds `.streamlit/secrets.toml` to the environment. A key is never sent back to the browser.
"""

from __future__ import annotations

import streamlit as st

from rag_core.analysis.latency import duration
from rag_core.errors import BadInput, SecondPassError
from rag_core.generation.chat.access import ChatAccess, ChatConfig, typed
from rag_core.generation.chat.client import greet
from rag_core.generation.chat.price import TokenPrice
from ui import visitors
from ui.panels import views
from ui.sidebar import link_values
from ui.sidebar.access import CHAT, chat_model

QUOTED, WRITTEN = "Quoted sentences", "Chat model"
PRESET = ChatConfig()


def choose() -> ChatAccess | None:
    """Draw the choice of who writes the answer; the chat model, where that is chosen."""
    try:
        access = chat_model()
    except BadInput as exc:
        st.warning(views.markdown(str(exc)), icon=":material/cloud_off:")
        access = None
    chosen = None
    if access is not None:
        offered = [QUOTED, WRITTEN]
        link_values.choice("gen", "Answer", offered)
        chosen = st.selectbox("Answer", offered, key="gen", bind="query-params", help=_who(access))
    else:
        link_values.choice("gen", "Answer", [QUOTED], why=_no_model)
    st.button(
        "Chat model" if access else "Set up a chat model",
        key="chat_setup",
        on_click=_open,
        icon=":material/forum:",
        type="tertiary",
    )
    if st.session_state.pop("chat_open", False):
        _dialog(access)
    return access if chosen == WRITTEN else None


def _no_model(asked: str) -> str:
    """Why the answer cannot be written by what the link names."""
    return "That needs a chat model: set one up below." if asked == WRITTEN else f"It must be one of: {QUOTED}."


def _open() -> None:
    st.session_state["chat_open"] = True


def _who(access: ChatAccess) -> str:
    """Which model, where it is, and who named it."""
    whose = "set up in this session" if access.scope else "set up in the environment"
    return views.markdown(f"{access.config.model} at {access.config.server}, {whose}.")


@st.dialog("Chat model", width="large")
def _dialog(access: ChatAccess | None) -> None:
    """Address, model, key and price, with a test that sends one short message."""
    config = access.config if access else PRESET
    st.caption(_where())
    with st.form("chat_form", border=False):
        fields, secret = _server(config, access)
        price = _price(access)
        with st.container(horizontal=True):
            use = st.form_submit_button("Use in this session", type="primary", key="chat_use", icon=":material/check:")
            test = st.form_submit_button("Test connection", key="chat_test", icon=":material/network_check:")
    if st.session_state.get(CHAT):
        st.button(
            "Forget these settings", key="chat_forget", on_click=_forget, type="tertiary", icon=":material/delete:"
        )
    if not use and not test:
        return
    try:
        wanted = typed(fields, secret, _read(*price), access)
        if test:
            _test(wanted)
    except SecondPassError as exc:
        st.error(views.markdown(str(exc)), icon=":material/cloud_off:")
        return
    if use:
        st.session_state[CHAT] = wanted
        st.rerun()


def _where() -> str:
    """Where the settings go, and what the address means where nobody has to log in."""
    said = (
        "Any server with an OpenAI-compatible API works. The settings last for this session and are not saved, shared "
        "or put into links."
    )
    if not visitors.strangers() or visitors.why_nothing_of_ones_own():
        return said
    return f"{said} The server of this app calls the address. Anyone who can open the app can make it do so."


def _server(config: ChatConfig, access: ChatAccess | None) -> tuple[dict[str, object], str]:
    """The fields of a `ChatConfig`, and the key as typed (empty: as it was)."""
    refused = visitors.why_nothing_of_ones_own()
    url = st.text_input(
        "Address",
        config.base_url,
        key="chat_url",
        max_chars=500,
        disabled=bool(refused),
        help=refused or "OpenAI, Ollama (…:11434/v1), vLLM, llama.cpp …",
    )
    left, right = st.columns(2)
    model = left.text_input("Model", config.model, key="chat_model", max_chars=300)
    secret = right.text_input(
        "Key",
        type="password",
        key="chat_key",
        max_chars=500,
        autocomplete="off",
        placeholder="Unchanged" if access and access.key else "Leave empty if the server needs none",
    )
    temperature = left.number_input(
        "Temperature",
        0.0,
        2.0,
        config.temperature,
        0.1,
        key="chat_temperature",
        help="Leave empty to use the server's default. Some models require that.",
    )
    longest = right.number_input("Longest answer (tokens)", 1, 100_000, config.max_tokens, 50, key="chat_max_tokens")
    fields: dict[str, object] = {"base_url": config.base_url if refused else url.strip(), "model": model.strip()}
    return {**fields, "temperature": temperature, "max_tokens": longest}, secret


def _price(access: ChatAccess | None) -> tuple[float | None, float | None]:
    """Dollars a million tokens as typed. A price with a source is used where the fields stay empty."""
    given = access.price if access else None
    own = given if given and not given.source else None
    left, right = st.columns(2)
    known = f" Empty: ${given.sent:g}, read {given.read} at {given.source}." if given and given.source else ""
    known_written = known.replace(f"${given.sent:g}", f"${given.written:g}") if given else ""
    sent = left.number_input(
        "Price of 1M tokens sent ($)",
        0.0,
        100_000.0,
        own.sent if own else None,
        0.01,
        key="chat_price_sent",
        help=f"Used to show the cost of each answer.{known}",
    )
    written = right.number_input(
        "Price of 1M tokens written ($)",
        0.0,
        100_000.0,
        own.written if own else None,
        0.01,
        key="chat_price_written",
        help=f"Used to show the cost of each answer.{known_written}",
    )
    return sent, written


def _read(sent: float | None, written: float | None) -> TokenPrice | None:
    """The typed price. Raises BadInput for half of one."""
    if sent is None and written is None:
        return None
    if sent is None or written is None:
        raise BadInput("One of the two prices is missing. Fill in both, for tokens sent and tokens written, or none.")
    return TokenPrice(sent=sent, written=written)


def _test(access: ChatAccess) -> None:
    with st.spinner(f"Asking {access.config.model}"):
        reply = greet(access)
    counted = "" if reply.prompt_tokens is not None else " It reports no token counts, so costs are not shown."
    said = " ".join([f"{reply.model} answered in {duration(reply.took_ms)}.{counted}", *reply.notes])
    st.success(views.markdown(said), icon=":material/check_circle:")


def _forget() -> None:
    st.session_state.pop(CHAT, None)
