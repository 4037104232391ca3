"""Connect an index: where it is, which of its fields are which part of a passage, which model made its vectors.

The tables of the server are listed, the fields guessed and shown with three rows; all can be corrected and tried first.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
from pydantic import SecretStr

from rag_core.errors import SecondPassError
from rag_core.retrieval.engines.index_config import IndexConfig, IndexDescription, SearchedIndex, index_config_of
from rag_core.retrieval.engines.index_kinds import KINDS, IndexKind, kind_named
from rag_core.wording.connected_indexes import PARTS
from ui import visitors
from ui.panels import embedder_choice, index_search, index_try, views
from ui.panels.reranker_add import ASKED_BY, OPEN
from ui.sidebar import indexes, searched

FOUND = "index_found"
"""Session key: what was asked for and the indexes that are there, or the sentence of an error."""

SEEN = "index_seen"
"""Session key: which index was looked at and what it looks like, or the sentence of an error."""

ROUND = "index_round"
"""Session key: how many indexes were connected with the form."""

ANOTHER = "Another model"
QUESTIONS = "One passage is sent to {who} now, to check that it made the vectors, and every question when it is asked."
INSIDE = {
    "chroma": ("Tenant and database", "default_tenant/default_database", "Empty: the default ones."),
    "milvus": ("Partition", "", "Empty: all of the collection."),
    "weaviate": ("Tenant", "", "For a collection with tenants. Empty: it has none."),
    "pinecone": ("Namespace", "", "Empty: the namespace without a name."),
}
"""Kinds that do not list the parts of an index: what such a part is called there, an example, and what none means."""


def show() -> None:
    """The form and what its last try gave, or why there is none."""
    st.markdown("Search an index that you already have. It is only read: nothing is copied, changed or re-chunked.")
    if refused := visitors.why_nothing_of_ones_own():
        st.caption(refused)
        return
    kind, given = _server()
    _listed(kind, given)
    found = st.session_state.get(FOUND)
    if found is None or found[0] != _asked(given):
        return
    if isinstance(found[1], str):
        st.error(views.markdown(found[1]), icon=":material/error:")
        return
    if not found[1]:
        st.info(f"It has no {kind.nouns} with vectors that this user may read.", icon=":material/search_off:")
        return
    if chosen := _chosen(kind, found[1]):
        _index(kind, given | chosen)


def _server() -> tuple[IndexKind, dict[str, Any]]:
    """Which server is asked."""
    left, right = st.columns(2)
    names = {kind.name: kind.label for kind in KINDS}
    kind = kind_named(left.selectbox("Type of index", list(names), key="ix_kind", format_func=names.__getitem__))
    name = right.text_input("Name", key="ix_name", max_chars=80, placeholder="Handbook", help="It is listed under it.")
    place, secret = st.columns([3, 2])
    asked_by = ASKED_BY + (OPEN if visitors.strangers() else "")
    address = place.text_input(
        "Address", key=f"ix_address_{kind.name}", max_chars=2000, placeholder=kind.address, help=asked_by
    )
    told = "It is kept in this session, and shown nowhere."
    secret.text_input(kind.secret, type="password", key=_secret_field(), max_chars=4000, help=told)
    return kind, {"kind": kind.name, "name": name.strip(), "address": address.strip(), "namespace": _inside(kind)}


def _inside(kind: IndexKind) -> str:
    """The part of the index that is searched, for kinds that do not list them."""
    if kind.name not in INSIDE:
        return ""
    label, example, told = INSIDE[kind.name]
    key = f"ix_namespace_{kind.name}"
    return st.text_input(label, key=key, max_chars=300, placeholder=example or "Optional", help=told).strip()


def _secret_field() -> str:
    """The key of the password field: a new one after each index that was connected, so that it is empty."""
    return f"ix_secret_{st.session_state.get(ROUND, 0)}"


def _secret() -> SecretStr | None:
    typed = str(st.session_state.get(_secret_field()) or "").strip()
    return SecretStr(typed) if typed else None


def _asked(given: dict[str, Any]) -> tuple[str, ...]:
    return (given["kind"], given["address"], given["namespace"])


def _listed(kind: IndexKind, given: dict[str, Any]) -> None:
    """The button that asks the server what is there."""
    if not st.button(f"Show its {kind.nouns}", key="ix_list", icon=":material/database:"):
        return
    st.session_state.pop(SEEN, None)
    index_try.forget()
    answer: tuple[SearchedIndex, ...] | str
    try:
        with st.spinner("Asking"):
            answer = kind.indexes(index_config_of(given), _secret())
    except SecondPassError as exc:
        answer = str(exc)
    st.session_state[FOUND] = (_asked(given), answer)


def _chosen(kind: IndexKind, there: tuple[SearchedIndex, ...]) -> dict[str, Any] | None:
    """The index that is searched."""
    labels = {(one.name, one.namespace): " · ".join(filter(None, (one.name, one.namespace, one.told))) for one in there}
    chosen = st.selectbox(
        kind.noun.capitalize(),
        list(labels),
        index=0 if len(labels) == 1 else None,
        key="ix_index",
        format_func=lambda one: labels.get(one, str(one)),
        placeholder=f"Choose one of its {kind.nouns}",
    )
    return {"index": chosen[0], **({"namespace": chosen[1]} if chosen[1] else {})} if chosen in labels else None


def _index(kind: IndexKind, given: dict[str, Any]) -> None:
    """The chosen one: its rows, its fields, how it is searched; then it can be tried and connected."""
    seen = _described(kind, given)
    if isinstance(seen, str):
        st.error(views.markdown(seen), icon=":material/error:")
        return
    if seen.rows:
        st.caption("Its first rows")
        st.dataframe(list(seen.rows), hide_index=True, key="ix_rows")
    else:
        st.info("It is empty.", icon=":material/inbox:")
    model = embedder_choice.show("ix_em", "Model that made its vectors", QUESTIONS, ANOTHER)
    with st.form("connect_index", enter_to_submit=False):
        given["fields"] = _fields(kind, given, seen)
        given |= index_search.show(kind, seen, None if model.key == ANOTHER else model.key)
        place, button, connect = st.columns([6, 1.2, 1.4], vertical_alignment="bottom")
        question = place.text_input(
            "Question to try", key="ix_question", max_chars=4000, placeholder="A question that it should answer"
        )
        tried = button.form_submit_button("Try it", key="ix_try", icon=":material/play_arrow:", width="stretch")
        kept = connect.form_submit_button(
            "Connect", key="ix_connect", type="primary", icon=":material/link:", width="stretch"
        )
    if (tried or kept) and model.problem:
        index_try.forget()
        st.error(views.markdown(model.problem), icon=":material/error:")
    elif tried:
        index_try.keep(given, _secret(), question)
    elif kept:
        with views.guard():
            _connect(index_config_of(given))
    index_try.show()


def _described(kind: IndexKind, given: dict[str, Any]) -> IndexDescription | str:
    """What it looks like, asked for once."""
    asked = (*_asked(given), given["index"], given["namespace"])
    known = st.session_state.get(SEEN)
    if known is None or known[0] != asked:
        answer: IndexDescription | str
        try:
            with st.spinner("Looking at it"):
                answer = kind.describe(index_config_of(given), _secret())
        except SecondPassError as exc:
            answer = str(exc)
        known = st.session_state[SEEN] = (asked, answer)
        index_try.forget()
    found: IndexDescription | str = known[1]
    return found


def _fields(kind: IndexKind, given: dict[str, Any], seen: IndexDescription) -> dict[str, str]:
    """Which field is which part: the guess, to be corrected."""
    st.markdown("**Which field is which part of a passage?** Guessed from their names; correct what is wrong.")
    boxes = st.columns(3)
    options = ["", *seen.names]
    mapped = seen.fields.model_dump()
    for number, part in enumerate(kind.parts):
        label, told = PARTS[part]
        guess = str(getattr(seen.fields, part))
        mapped[part] = boxes[number % 3].selectbox(
            label,
            options,
            options.index(guess) if guess in options else 0,
            key=f"ix_{part}_{given['index']}_{given['namespace']}",
            format_func=lambda name: name or "None",
            help=told or None,
        )
    return mapped


def _connect(config: IndexConfig) -> None:
    """Keep it in this session, and go on with it chosen. The secret leaves the form."""
    secret = _secret()
    with st.spinner("Checking its model"):
        made = indexes.connect(config, secret.get_secret_value() if secret else "")
    index_try.forget()
    for key in (FOUND, SEEN):
        st.session_state.pop(key, None)
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.session_state["corpus_note"] = f"{made.index.name} is connected for this session. {made.check}"
    searched.go_to_collection(made.index.name)
    st.rerun()
