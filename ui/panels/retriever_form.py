"""Connect a live retriever: where it is, what it is sent, how its answer is read; it can be tried before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from pydantic import SecretStr

from rag_core.errors import BadInput, SecondPassError
from rag_core.runs.live import LiveRetriever, config_of
from rag_core.runs.live.config import MOST
from rag_core.runs.live.presets import PRESETS, Preset
from rag_core.runs.run import Run
from rag_core.runs.values import DIRECTIONS, Space
from rag_core.wording.live_retrievers import answered_sentence, result_rows
from ui import visitors
from ui.panels import views
from ui.panels.reranker_add import ASKED_BY, OPEN
from ui.sidebar import indexes, retrievers, searched

FUNCTION = "function"
KINDS = {**{name: preset.label for name, preset in PRESETS.items()}, FUNCTION: "Python function (module:function)"}
ROWS = 3
"""Results that a try shows."""

TRIED = "retriever_tried"
"""Session key: what the last try gave, a run or the sentence of an error."""

ROUND = "retriever_round"
"""Session key: how many retrievers were connected with the form."""

PARTS = {
    "results": ("List of results", "Where the list is in the answer; $ for the whole answer."),
    "text": ("Text", "Where the text is in each result."),
    "id": ("Id", "Leave a path empty for a part that is not there."),
    "title": ("Title", ""),
    "score": ("Score", 'Write a name with dots in brackets: ["@search.score"].'),
    "metadata": ("Metadata", "An object of further fields."),
}
"""What each path of the field map is called, and its help."""


def show() -> None:
    """The form and what its last try gave, or why there is none."""
    st.markdown(
        "Ask a search of your own: an HTTP endpoint or a Python function. Its answers open like recorded runs, and "
        "other rerankers can read its results."
    )
    if refused := visitors.why_nothing_of_ones_own():
        st.caption(refused)
        return
    left, right = st.columns(2)
    kind = left.selectbox("Type", list(KINDS), key="ret_kind", format_func=KINDS.__getitem__)
    right.text_input(
        "Name", key="ret_name", max_chars=80, placeholder="Support search", help="It is listed under this name."
    )
    with st.form("connect_retriever", enter_to_submit=False):
        fields = _function() if kind == FUNCTION else _endpoint(kind, PRESETS[kind])
        fields |= _scores(kind)
        place, button, connect = st.columns([6, 1.2, 1.4], vertical_alignment="bottom")
        question = place.text_input(
            "Question to try", key="ret_question", max_chars=4000, placeholder="A question that it should answer"
        )
        tried = button.form_submit_button("Try it", key="ret_try", icon=":material/play_arrow:", width="stretch")
        kept = connect.form_submit_button(
            "Connect", key="ret_connect", type="primary", icon=":material/link:", width="stretch"
        )
    key = str(st.session_state.get(_key_field(kind)) or "").strip()
    if tried:
        st.session_state[TRIED] = _tried(fields, key, question)
    if kept:
        with views.guard():
            _connect(fields, key)
    _show_tried()


def _key_field(kind: str) -> str:
    """The key of the password field: a new one after each retriever that was connected, so that it is empty."""
    return f"ret_key_{kind}_{st.session_state.get(ROUND, 0)}"


def _function() -> dict[str, Any]:
    function = st.text_input(
        "Function",
        key="ret_function",
        max_chars=300,
        placeholder="my_app.search:retrieve",
        help="It is called with the question and the number of results, and returns a list of dicts, texts or "
        "documents, or the record of a run. It runs in the process of this app, which finds modules in the folder "
        "where it was started.",
    )
    return {"kind": FUNCTION, "function": function.strip()}


def _endpoint(kind: str, preset: Preset) -> dict[str, Any]:
    """The address and key; folded away, the request and the field map of the preset."""
    asked_by = ASKED_BY + (OPEN if visitors.strangers() else "")
    places = st.columns([3, 2, 2] if preset.asks_id else [3, 2])
    url = places[0].text_input(
        "Address", key=f"ret_url_{kind}", max_chars=2000, placeholder="http://localhost:8000", help=asked_by
    )
    given: dict[str, Any] = {"kind": kind, "url": url.strip()}
    if preset.asks_id:
        given["knowledge_id"] = places[1].text_input("Knowledge id", key="ret_knowledge", max_chars=300).strip()
    told = "Only if it asks for one. It is kept in this session, and shown nowhere."
    places[-1].text_input("Key", type="password", key=_key_field(kind), max_chars=4000, help=told)
    with st.expander("Request", icon=":material/upload:"):
        given |= _request(kind, preset)
    with st.expander("Where the results are", icon=":material/account_tree:"):
        given |= _field_map(kind, preset)
    return given


def _request(kind: str, preset: Preset) -> dict[str, Any]:
    st.caption(
        "`{query}`, `{top_k}` and `{key}` are replaced by the question, the number of results and the key, also in the "
        "address. The header below carries the key only where nothing else does."
    )
    method = st.radio("Method", ["POST", "GET"], key=f"ret_method_{kind}", horizontal=True)
    body = st.text_area("Body (JSON)", preset.body, key=f"ret_body_{kind}", max_chars=20_000)
    header, prefix, time_out = st.columns(3)
    name = header.text_input("Header of the key", "Authorization", key=f"ret_header_{kind}", max_chars=100)
    before = prefix.text_input("Before the key", "Bearer", key=f"ret_prefix_{kind}", max_chars=50)
    seconds = time_out.number_input("Time-out (s)", 1, 600, 30, key=f"ret_timeout_{kind}")
    headers = st.text_area(
        "Other headers", key=f"ret_headers_{kind}", max_chars=4000, placeholder="X-Tenant: acme", height=68,
        help="One a line. They are shown to those who see this page: put no key here.",
    )  # fmt: skip
    return {
        "method": None if method == "POST" else method,
        "body": None if body == preset.body or method == "GET" else body,
        "headers": headers_of(headers),
        "key_header": name.strip(),
        "key_prefix": f"{before.strip()} " if before.strip() else "",
        "timeout_s": float(seconds),
    }


def headers_of(text: str) -> dict[str, str]:
    """The headers of lines such as `X-Tenant: acme`."""
    lines = [line.partition(":") for line in text.splitlines() if line.strip()]
    return {name.strip(): value.strip() for name, _, value in lines}


def _field_map(kind: str, preset: Preset) -> dict[str, Any]:
    st.caption("A path is written like `data.results`, `hits[0].text` or `$` for the value itself.")
    boxes = st.columns(3)
    typed = {
        part: boxes[number % 3].text_input(
            label, str(getattr(preset.fields, part)), key=f"ret_{part}_{kind}", max_chars=300, help=told or None
        )
        for number, (part, (label, told)) in enumerate(PARTS.items())
    }
    same = typed == preset.fields.model_dump()
    return {"fields": None if same else typed}


def _scores(kind: str) -> dict[str, Any]:
    """What the scores mean, which are better, and how many results are asked for."""
    space_box, better_box, number_box = st.columns(3)
    space = space_box.selectbox(
        "What its scores are", list(Space), list(Space).index(Space.UNKNOWN), key=f"ret_space_{kind}",
        help="What they mean, where you know it. It is never guessed.",
    )  # fmt: skip
    known = PRESETS[kind].direction if kind in PRESETS else None
    directions = ["higher", "lower"]
    better = better_box.selectbox(
        "Better scores", directions, directions.index(known) if known else None, key=f"ret_better_{kind}",
        placeholder="Unknown", help="Which scores are better, where their kind does not say it.",
    )  # fmt: skip
    told = "As many as your pipeline asks it for: what is returned counts as kept."
    top_k = number_box.number_input("Results to ask for", 1, MOST, 20, key=f"ret_top_k_{kind}", help=told)
    return {
        "space": space,
        "direction": better if DIRECTIONS[space or Space.UNKNOWN] is None else None,
        "top_k": int(top_k),
    }


def _tried(fields: Mapping[str, Any], key: str, question: str) -> Run | str:
    """What the retriever returned, or what is wrong."""
    try:
        if not question.strip():
            raise BadInput("Enter a question to try.")
        config = config_of(dict(fields))
        with st.spinner("Asking"):
            return LiveRetriever(config.place, config, SecretStr(key) if key else None).ask(question.strip())
    except SecondPassError as exc:
        return str(exc)


def _show_tried() -> None:
    """The first results of the last try, as they were read, with what was not found in them."""
    found: Run | str | None = st.session_state.get(TRIED)
    if isinstance(found, str):
        st.error(views.markdown(found), icon=":material/error:")
    if not isinstance(found, Run):
        return
    st.success(
        views.markdown(answered_sentence(found, str(found.attributes["retriever"]))), icon=":material/check_circle:"
    )
    for note in (note for step in found.steps for note in step.warnings):
        st.warning(views.markdown(note.message), icon=":material/warning:")
    if rows := result_rows(found, ROWS):
        st.dataframe(rows, hide_index=True, key="ret_rows")


def _connect(fields: Mapping[str, Any], key: str) -> None:
    """Keep it in this session, and go on with it chosen. The key leaves the form."""
    if (name := str(st.session_state.get("ret_name") or "").strip()) in indexes.names():
        raise BadInput(f"The name {name} is taken. Choose another one.")
    name = retrievers.connect(str(st.session_state.get("ret_name") or ""), config_of(dict(fields)), key)
    st.session_state.pop(TRIED, None)
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.session_state["corpus_note"] = f"{name} is connected for this session. Ask it on Inspect."
    searched.go_to_collection(name)
    st.rerun()
