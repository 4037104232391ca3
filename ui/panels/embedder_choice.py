"""Choose the embedding model of a new collection: the app's own, one of a service, of a server, or of a folder.

Who reads the texts is said before they are sent. A key that you type is kept in this session only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag_core.errors import BadInput
from rag_core.retrieval.embedders.choosing import missing_for
from rag_core.retrieval.embedders.hosted.apis import APIS, HOSTED_APIS, OWN_APIS
from rag_core.retrieval.embedders.hosted.known import KNOWN_MODELS, KnownModel, known_model
from rag_core.retrieval.embedders.naming import LONGEST_VECTOR, EmbedderKey, parse_key
from ui import caches, visitors
from ui.panels import views
from ui.panels.reranker_add import ASKED_BY, OPEN
from ui.sidebar import access

APP, SERVICE, SERVER, LOCAL = "app", "service", "server", "local"
CHECK = "Refunds take thirty days."
"""What the model is asked before files are handed over: a wrong key or address is said at once."""
FIRST_USE = "Loading the embedding model. The first time here, this can take minutes."

PASSAGES = "Every passage is sent to {who} when it is indexed, and every question when it is asked."


@dataclass(frozen=True)
class Chosen:
    """The key of a model (empty: the app's), and what is wrong with it, as a sentence; empty where nothing is."""

    key: str = ""
    problem: str = ""


def show(field: str = "em", label: str = "Embedding model", what: str = PASSAGES, last: str = "") -> Chosen:
    """The controls, and whom the texts are sent to.

    field: what their keys begin with. what: which texts are sent to whom (`{who}`), as a sentence. last: a further
    option, which is given as the key `last` names.
    """
    kinds = {APP: f"This app's: {parse_key(caches.settings().embedding_model).label}"}
    kinds |= {model.key: parse_key(model.key).label for model in KNOWN_MODELS}
    kinds[SERVICE] = "Another model of a service"
    if not (refused := visitors.why_nothing_of_ones_own()):
        kinds |= {SERVER: "A model on a server of yours", LOCAL: "A sentence-transformers model"}
    kinds |= {last: last} if last else {}
    kind = st.selectbox(
        label, list(kinds), key=f"{field}_kind", format_func=kinds.__getitem__,
        help=f"It turns passages into vectors, and every question to the collection. {refused}",
    )  # fmt: skip
    if last and kind == last:
        return Chosen(last)
    if kind == APP:
        return _told(field, caches.settings().embedding_model, Chosen(), what)
    try:
        key = str(_FORMS.get(kind, _known)(field, kind))
    except BadInput as exc:
        return Chosen(problem=str(exc))
    return _told(field, key, Chosen(key), what)


def use(chosen: Chosen) -> str:
    """The key of the chosen model, once it has embedded a sentence. Raises BadInput for what is not filled in,
    ModelError where the model cannot be used."""
    if chosen.problem:
        raise BadInput(chosen.problem)
    if chosen.key:
        with st.spinner("Asking the embedding model" if parse_key(chosen.key).remote else FIRST_USE):
            caches.embedder(chosen.key).embed([CHECK])
    return chosen.key


def _told(place: str, key: str, chosen: Chosen, what: str) -> Chosen:
    """Whom texts are sent to and what that costs; a field for the key where there is none."""
    named = parse_key(key)
    if not named.remote:
        return chosen
    st.info(what.format(who=views.markdown(named.goes_to)), icon=":material/outgoing_mail:")
    known = known_model(key)
    if known and known.price:
        price = known.price
        st.caption(views.markdown(f"${price.dollars:g} for {price.what}, read {price.read} at {price.source}"))
    missing = missing_for(named, access.current())
    if missing or not APIS[named.api].hosted:
        field = f"{place}_key_{named.api}"
        told = "It is kept in this session, and shown nowhere."
        st.text_input(
            f"Key for {APIS[named.api].label}", type="password", key=field, max_chars=400, autocomplete="off",
            on_change=_keep, args=(key, field), help=told if missing else f"{told} Empty: the server asks for none.",
        )  # fmt: skip
    return Chosen(problem=missing) if missing else chosen


def _keep(model: str, field: str) -> None:
    if secret := str(st.session_state[field]).strip():
        access.keep_key(model, secret)


def _known(field: str, kind: str) -> EmbedderKey:
    """A known model, with whole or shorter vectors."""
    model: KnownModel = known_model(kind) or KNOWN_MODELS[0]
    lengths = [model.dimensions, *model.shorter]
    length = st.selectbox(
        "Numbers of a vector", lengths, key=f"{field}_length_{kind}", help="Shorter ones take less room."
    )
    return parse_key(kind).with_(dimensions=None if length == model.dimensions else length)


def _service(field: str, _kind: str) -> EmbedderKey:
    left, right, last = st.columns([2, 3, 2])
    rows = {row.name: row.label for row in HOSTED_APIS}
    service = left.selectbox("Service", list(rows), key=f"{field}_service", format_func=rows.__getitem__)
    model = right.text_input("Model", key=f"{field}_model", max_chars=200)
    if not model.strip():
        raise BadInput(f"Enter which model of {rows[service]}.")
    return parse_key(f"{service}:{model.strip()}").with_(dimensions=_length(field, last))


def _server(field: str, _kind: str) -> EmbedderKey:
    left, middle, right, last = st.columns([2, 3, 3, 2])
    rows = {row.name: row.label for row in OWN_APIS}
    server = left.selectbox("Type of server", list(rows), key=f"{field}_server", format_func=rows.__getitem__)
    told = ASKED_BY + (OPEN if visitors.strangers() else "")
    address = middle.text_input(
        "Address", key=f"{field}_address", max_chars=190, placeholder="http://localhost:8000", help=told
    )
    told = "Only if the server has several models."
    model = right.text_input("Model", key=f"{field}_served", max_chars=200, help=told).strip()
    length, (query, passage) = _length(field, last), _prompts(field)
    if not address.strip():
        raise BadInput("Enter the address of the server, such as http://localhost:8000.")
    key = parse_key(f"{server}:{address.strip()}" + (f"#{model}" if model else ""))
    return key.with_(dimensions=length, query=query, passage=passage)


def _local(field: str, _kind: str) -> EmbedderKey:
    left, last = st.columns([4, 2])
    told = "A folder on the machine that runs this app, or a name on the model hub. Only safetensors are loaded."
    name = left.text_input("Hub name or folder", key=f"{field}_local", max_chars=250, help=told).strip()
    length, (query, passage) = _length(field, last), _prompts(field)
    if not name:
        raise BadInput("Enter a hub name or a folder.")
    return parse_key(name).with_(dimensions=length, query=query, passage=passage)


def _length(field: str, place: DeltaGenerator) -> int | None:
    """The number of a shorter vector; None where it stays empty."""
    length = place.number_input(
        "Numbers of a vector", 1, LONGEST_VECTOR, None, key=f"{field}_dimensions", placeholder="All",
        help="Fewer, for a model that was trained to be cut (Matryoshka).",
    )  # fmt: skip
    return int(length) if length else None


def _prompts(field: str) -> tuple[str | None, str | None]:
    """What is put before questions and passages; None where the field is empty."""
    left, right = st.columns(2)
    told = "For models that were trained with one, such as E5. Empty: what the model's own config says, if anything."
    query = left.text_input(
        "Put before a question", key=f"{field}_query", max_chars=500, placeholder="query: ", help=told
    )
    passage = right.text_input(
        "Put before a passage", key=f"{field}_passage", max_chars=500, placeholder="passage: ", help=told
    )
    return query or None, passage or None


_FORMS: dict[str, Callable[[str, str], EmbedderKey]] = {SERVICE: _service, SERVER: _server, LOCAL: _local}
