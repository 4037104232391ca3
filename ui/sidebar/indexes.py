"""The connected indexes that this session can search: those of the environment, and those that it connected.

What a session connected, its secret above all, is kept in this session's state only: not in links, runs or logs, and no
other session sees it or what was found in it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st
from pydantic import SecretStr

from rag_core.errors import BadInput, CollectionError, SecondPassError
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.every_index import every_index
from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.index_kinds import kind_named
from rag_core.retrieval.engines.model_check import ModelCheck, check_model
from rag_core.retrieval.engines.named_indexes import NamedIndex
from rag_core.schema.base import new_id
from rag_core.schema.documents import CollectionRef
from ui import caches, each_run, index_caches, visitors
from ui.each_run import once_a_run
from ui.sidebar import offered_names, retrievers
from ui.sidebar.owner import owner

KEY = "indexes"
"""Session key: the indexes that were connected here, by name."""

AGAIN = "indexes_again"
"""Session key: by name, under which key questions are kept since "Search again"."""

EVERYONE = "everyone"
ITS_MODEL = "To search it by meaning, choose the model that made its vectors."
BY_WORDS = "Choose the model that made its vectors, or “Another model” to search it by words alone."


@dataclass(frozen=True)
class Connected:
    """An index that can be searched. `scope`: who shares what was found in it, and until which version."""

    index: NamedIndex
    collection: ConnectedCollection
    scope: str
    check: ModelCheck | None = None

    @property
    def mine(self) -> bool:
        """Whether this session connected it."""
        return not self.scope.startswith(EVERYONE)


@once_a_run
def shared() -> tuple[dict[str, NamedIndex], dict[str, str]]:
    """Those that the environment offers to everyone, and what is wrong with each that cannot be searched. Raises
    BadInput where its file cannot be used."""
    return every_index(caches.settings())


def problem() -> str:
    """What is wrong with the environment's file, or which names a collection has taken; empty where nothing is."""
    return offered_names.problem(shared, own(), "index", "Rename the index.")


def own() -> dict[str, Connected]:
    """Those that this session connected; none where visitors may not."""
    mine: dict[str, Connected] = st.session_state.get(KEY, {})
    return {} if visitors.why_nothing_of_ones_own() else dict(mine)


@once_a_run
def names() -> list[str]:
    """What this session can search, by name; none that a collection has. Opens nothing."""
    try:
        every = {**own(), **shared()[0]}
    except BadInput:
        every = {**own()}
    taken = set(caches.visible(owner()).names())
    return [name for name in every if name not in taken]


def _index(name: str) -> NamedIndex | None:
    """The index of that name, which may be one that cannot be opened; None where it is none, or a collection."""
    if name not in names():
        return None
    mine = own().get(name)
    return mine.index if mine else shared()[0][name]


def find(name: str) -> Connected | None:
    """The index of that name; None where it is none, or a collection. Asks its server nothing. Raises BadInput or
    MissingPackage where it cannot be opened."""
    index = _index(name)
    if index is None:
        return None
    if mine := own().get(name):
        return mine
    opened = _opened(index.config.model_dump_json(), index.version, index)
    return Connected(index, opened, f"{EVERYONE} {index.version}".strip())


@st.cache_resource(max_entries=32, show_spinner=False)
def _opened(config: str, version: str, _index: NamedIndex) -> ConnectedCollection:  # noqa: ARG001 - keyed by these
    return _index.collection(_index.model(caches.settings()))  # for everyone, so with keys of the environment alone


def question_scope(name: str, found: Connected) -> str:
    """The key under which questions to it are kept: another one since `search_again`."""
    again: dict[str, str] = st.session_state.get(AGAIN, {})
    return again.get(name, "") + found.scope


def search_again(name: str) -> None:
    """Forget what was found in it, so that each question is searched again: the index may have changed."""
    st.session_state[AGAIN] = {**st.session_state.get(AGAIN, {}), name: new_id()}
    if mine := own().get(name):
        st.session_state[KEY] = {**own(), name: replace(mine, check=None)}
    if found := find(name):
        config = found.index.config.model_dump_json()
        index_caches.model_check.clear(found.scope, config, found.collection)
        index_caches.of_facets.clear(found.scope, config, found.collection)


def connect(config: IndexConfig, secret: str) -> Connected:
    """Keep it in this session. The model of its vectors is checked first.

    Raises BadInput where visitors may not, the name is taken, or the vectors are of another model and dense search is
    not left out; EngineError where it cannot be searched.
    """
    if refused := visitors.why_nothing_of_ones_own():
        raise BadInput(refused)
    config = config.with_(name=config.name.strip() or config.place[:80])
    known, problems = shared()
    if config.name in {*known, *problems, *caches.visible(owner()).names(), *retrievers.offered()}:
        raise BadInput(f"The name {config.name} is taken. Choose another one.")
    index = NamedIndex(config, SecretStr(secret) if secret else None)
    collection = index.collection(caches.embedder(config.embedder))
    check = checked(collection)
    made = Connected(index, collection, new_id(), check)
    st.session_state[KEY] = {**own(), config.name: made}
    each_run.forget()
    return made


def checked(collection: ConnectedCollection) -> ModelCheck:
    """Whether its vectors are of the model that is chosen for it. Raises BadInput where they are not and dense search
    is asked for, and where no search is left."""
    able, label = collection.capabilities, kind_named(collection.config.kind).label
    if not able.dense and not able.lexical:
        by_words = collection.config.searches == "lexical"
        lacking, told = ("words", ITS_MODEL) if by_words else ("meaning", "Choose another search.")
        raise BadInput(f"This index of {label} cannot be searched by {lacking}, so no search is left. {told}")
    check = check_model(collection)
    if not check.fits and check.verdict != "empty" and able.dense:
        words = collection.index.capabilities.lexical
        raise BadInput(f"{check} {BY_WORDS if words else f'It cannot be searched by words. {ITS_MODEL}'}")
    return check


def checked_before(found: Connected) -> ModelCheck | None:
    """What is known of its model: from connecting it, else from the first look at it; None where it cannot be asked."""
    with suppress(SecondPassError):
        return check_of(found)
    return None


def check_of(found: Connected) -> ModelCheck:
    """The same. Raises EngineError where it cannot be asked."""
    return found.check or index_caches.model_check(found.scope, found.index.config.model_dump_json(), found.collection)


def forget(name: str) -> None:
    """Remove what this session connected under that name, with its secret."""
    if found := own().get(name):
        found.collection.index.close()
        index_caches.forget()
    st.session_state[KEY] = {known: one for known, one in own().items() if known != name}
    each_run.forget()


def of_ref(ref: CollectionRef) -> str:
    """What the index of a run or case is called here; empty where it is not connected here, or is no index. Opens
    none."""
    return next((name for name in names() if (found := _index(name)) and found.config.identity == ref.id), "")


def kept_in(name: str) -> str:
    """Where the collection or index of that name is kept, in a word or two: `files`, `Team`, `connected index`."""
    found = _index(name)
    return (found.store or "connected index") if found else "files"


@once_a_run
def _collections() -> dict[str, CollectionRef]:
    """The collections that this session sees, by name."""
    return caches.visible(owner()).refs()


def name_here(ref: CollectionRef) -> str:
    """What the collection or index of a case is called here; empty where this session sees none."""
    return of_ref(ref) or next((name for name, one in _collections().items() if ref.same_as(one)), "")


def name_of(ref: CollectionRef) -> str:
    """What the collection or index of a case is called now. Raises CollectionError where this session sees none."""
    if name := of_ref(ref):
        return name
    try:
        return caches.visible(owner()).name_of(ref)
    except CollectionError as exc:
        raise CollectionError(f"{exc} An index can be connected again on the Corpus page.") from exc


def seen_by(name: str) -> str:
    """Who alone sees the collection or index: its owner; empty where everyone does."""
    if _index(name):
        return owner() if name in own() else ""
    return caches.visible(owner()).seen_by(name)


def may_be_private(name: str, fingerprint: str) -> bool:
    """True where a case may be about a collection or index that this person alone sees."""
    mine = own()
    if name in mine or any(fingerprint == one.collection.fingerprint for one in mine.values()):
        return True
    return caches.visible(owner()).may_be_private(name, fingerprint)
