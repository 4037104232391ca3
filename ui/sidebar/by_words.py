"""The embedding model of the chosen collection, where it is not the app's own: whom questions are sent to, the key for
it, and the choice to search by words alone."""

from __future__ import annotations

from contextlib import nullcontext

import streamlit as st

from rag_core.corpus.storage.manifest import Manifest
from rag_core.corpus.storage.own_model import key_for
from rag_core.errors import BadInput
from rag_core.retrieval.embedders.choosing import missing_for
from rag_core.retrieval.embedders.hosted.apis import APIS
from rag_core.retrieval.embedders.naming import EmbedderKey, parse_key
from rag_core.settings import Settings
from ui.panels import views
from ui.sidebar import access

CHOSEN = "by_words"
"""Session key: ids of the collections that this session searches by words alone."""

HELP = "Leaves the search by meaning out, and with it the embedding model: nothing is sent to it."


def chosen(manifest: Manifest) -> bool:
    """Whether this session searches the collection by words alone."""
    return manifest.id in st.session_state.get(CHOSEN, ())


def show(manifest: Manifest, settings: Settings) -> None:
    """What a question to the collection asks of its model, and how to do without; nothing for the app's own model."""
    key = key_for(manifest, settings)
    if key == settings.embedding_model:
        return
    try:
        named = parse_key(key)
    except BadInput as exc:
        st.warning(views.markdown(str(exc)), icon=":material/warning:")
        named = EmbedderKey(model=key)
    off = chosen(manifest)
    sent = f" Your questions are sent to {named.goes_to}." if named.remote and not off else ""
    st.caption(f":material/graph_3: {views.markdown(f'Embedding model {named.label}.{sent}')}")
    if named.remote and not off:
        _key(named)
    field = f"by_words_{manifest.id}"
    st.checkbox("Search by words only", off, key=field, on_change=_choose, args=(manifest.id, field), help=HELP)


def say_who_reads(key: str) -> None:
    """Whom questions to a connected index are sent to, where it names a model that is elsewhere."""
    if key and (to := parse_key(key).goes_to):
        st.caption(f":material/graph_3: {views.markdown(f'Your questions are sent to {to}.')}")


def _key(named: EmbedderKey) -> None:
    """A field for its key: in the open where a service lacks one, else behind a button, for a server may want one."""
    missing = missing_for(named, access.current())
    if missing:
        st.warning(views.markdown(missing), icon=":material/key:")
    elif APIS[named.api].hosted:
        return
    with nullcontext() if missing else st.popover("Its key", icon=":material/key:"):
        st.text_input(
            f"Key for {APIS[named.api].label}", type="password", key="embedder_key", max_chars=400,
            autocomplete="off", args=(str(named),), on_change=_keep,
            help="It is kept in this session, and shown nowhere.",
        )  # fmt: skip


def _choose(collection: str, field: str) -> None:
    others = {one for one in st.session_state.get(CHOSEN, ()) if one != collection}
    st.session_state[CHOSEN] = others | ({collection} if st.session_state[field] else set())


def _keep(model: str) -> None:
    if secret := str(st.session_state["embedder_key"]).strip():
        access.keep_key(model, secret)
