"""Every cache of the app, in wrappers of a few lines. Models and collections are shared by all sessions, read-only."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from rag_core.analysis.sentence_attribution import Attribution, attribute
from rag_core.corpus.collection import Collection
from rag_core.corpus.facets import Facets, facets
from rag_core.corpus.sample import SAMPLE, read_examples
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.private_collections import forget_sessions, visited
from rag_core.corpus.storage.visible import VisibleCollections, shared_library
from rag_core.errors import BadInput, CollectionError
from rag_core.evaluation.beir import read_folder
from rag_core.evaluation.sets import LabelledSet
from rag_core.generation.chat.access import ChatAccess
from rag_core.generation.rewrite import rewrite
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.base import Reranker
from rag_core.retrieval.embedders.counting import token_spans_of
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.runs.collector.in_process import RunningCollector, of_settings
from rag_core.runs.store import retention
from rag_core.runs.store.run_book import RunBook
from rag_core.schema.documents import Passage
from rag_core.schema.filters import Filter
from rag_core.schema.progress import Progress
from rag_core.schema.trace import Trace
from rag_core.settings import Settings
from rag_core.storage.database import Store, StoredPairs
from rag_core.triage import CaseBook, JobBook, RunScorer
from ui import index_caches, sample_corpus
from ui.sidebar import access, indexes

if TYPE_CHECKING:
    from ui.sidebar.state import SidebarState


@st.cache_resource
def settings() -> Settings:
    """The process's settings, from the environment."""
    return Settings()


@st.cache_resource
def store() -> Store:
    """The database: pair scores, cases, jobs."""
    return Store.from_settings(settings())


@st.cache_resource
def case_book() -> CaseBook:
    """The triage cases."""
    return CaseBook(store())


@st.cache_resource
def run_book() -> RunBook:
    """The recorded runs."""
    return RunBook(store())


@st.cache_resource
def collector() -> RunningCollector | None:
    """The collector beside the app, where the operator has asked for one. Raises where it cannot listen, each time."""
    return of_settings(settings())


@st.cache_data(ttl=3600)
def trim_runs() -> int:
    """Delete the recorded runs that are kept no longer, at most once an hour; how many."""
    return retention.apply(store())


@st.cache_resource
def job_book() -> JobBook:
    """Work in the background."""
    return JobBook(store())


def embedder() -> Embedder:
    """The bi-encoder, loaded once per process."""
    return get_embedder(settings().embedding_model, settings().device)


def shared() -> Library:
    """The collections that everybody sees."""
    return shared_library(settings())


def private(owner: str) -> Library:
    """The collections of one owner."""
    return visible(owner).own


def visible(owner: str) -> VisibleCollections:
    """The collections that this session sees. Looking at them counts as use; those not used for long are forgotten."""
    _noted_visit(owner)
    _forget_old_sessions()
    return VisibleCollections(settings(), owner)


@st.cache_data(ttl=3600)
def _forget_old_sessions() -> int:
    return forget_sessions(settings().data_dir)


@st.cache_data(ttl=3600, max_entries=1000)
def _noted_visit(owner: str) -> None:
    visited(settings().data_dir, owner)


def collection(name: str, owner: str) -> Collection:
    """The collection in memory. The sample is indexed on its first use, with a progress bar."""
    if not ready(name):
        sample_corpus.ensure(shared(), settings(), embedder(), job_book())
    library = visible(owner).library_of(name)
    return _opened(str(library.root), name, library.manifest(name).fingerprint)


@st.cache_resource(max_entries=8, show_spinner="Opening the collection")
def _opened(root: str, name: str, fingerprint: str) -> Collection:
    found = Library(Path(root), settings().exact_limit).open(name, embedder())
    if found.ref.fingerprint != fingerprint:
        raise CollectionError(f"{name} is being changed right now. Try again in a moment.")
    return found


def ready(name: str) -> bool:
    """False for a sample that has to be indexed before it can be opened."""
    return name != SAMPLE or sample_corpus.ready(shared(), settings(), embedder())


@st.cache_resource
def pair_cache() -> StoredPairs:
    """Every pair score that is known, shared by all sessions."""
    return store().pair_cache()


def engine(name: str, owner: str) -> Collection | ConnectedCollection:
    """What is searched under that name: a collection in memory, or an index that is connected to."""
    found = indexes.find(name)
    return found.collection if found else collection(name, owner)


def fingerprint(name: str, owner: str) -> str:
    """Of what is searched under that name, as far as it changes results; a connected index is asked nothing."""
    if found := indexes.find(name):
        return indexes.question_scope(name, found) + found.collection.fingerprint
    return collection(name, owner).ref.fingerprint


def pipeline(name: str, owner: str) -> Pipeline:
    """The pipeline over a collection, with the models that this session may use. A thread may go on with it."""
    chat_model = _chat_model()
    return Pipeline(
        engine(name, owner),
        embedder(),
        pair_cache(),
        access.rerankers(settings()),
        partial(rewrite, chat_model) if chat_model else None,
    )


def _chat_model() -> ChatAccess | None:
    """The chat model of this session; None where the environment's cannot be used, which the sidebar says."""
    try:
        return access.chat_model()
    except BadInput:
        return None


def run_scorer(progress: Progress | None = None) -> RunScorer:
    """What scores the candidates of recorded runs, with the rerankers of this session. A thread may go on with it."""
    return RunScorer(access.rerankers(settings()), pair_cache(), progress)


def reranker(key: str) -> Reranker:
    """The reranker of that key, as this session may use it."""
    return access.rerankers(settings())(key)


@st.cache_resource(max_entries=200, show_spinner=False)
def _question(
    root: str,
    name: str,
    fingerprint: str,
    query: str,
    where: Filter | None,
    writer: tuple[str, str],  # noqa: ARG001 - the cache is keyed by it
) -> QuerySession:
    return QuerySession(Pipeline(_opened(root, name, fingerprint), embedder()), query, where)


def question(choice: SidebarState, query: str) -> QuerySession:
    """The question over the chosen collection, shared by all who ask it, in this session's name.

    Where the policy has the question rewritten, it is shared by those only who have it rewritten by the same model:
    what a session's own model said is found by nobody else.
    """
    name, writer = choice.collection, ("", "")
    if choice.policy.rewrite.on and (chat_model := _chat_model()):
        writer = (chat_model.scope, chat_model.config.model_dump_json())
    if connected := indexes.find(name):
        scope, searched = indexes.question_scope(name, connected), connected.collection
        key = (scope, searched.config.model_dump_json(), searched.fingerprint)
        shared_one = index_caches.question(key, query, choice.where, writer, searched)
    else:
        fingerprint = collection(name, choice.owner).ref.fingerprint
        root = str(visible(choice.owner).library_of(name).root)
        shared_one = _question(root, name, fingerprint, query, choice.where, writer)
    return shared_one.using(pipeline(choice.collection, choice.owner), access.asker())


def why(run: Trace, passage: Passage, progress: Progress) -> Attribution:
    """Which sentences of a passage earned its score, by the run's reranker; scored pairs come from the cache."""
    return attribute(reranker(run.policy.reranker), run.query, passage, pair_cache(), progress)


@st.cache_data
def examples(count: int) -> list[dict[str, str]]:
    """Example questions of the sample corpus, each with what it shows."""
    return read_examples(settings().sample_dir, count)


@st.cache_resource(max_entries=32, hash_funcs={Collection: lambda found: found.ref.fingerprint})
def facets_of(found: Collection) -> Facets:
    """What the collection's documents can be filtered by."""
    return facets(found.kinds())


@st.cache_resource(max_entries=8, hash_funcs={Collection: lambda found: found.ref.fingerprint})
def token_lengths(found: Collection) -> list[int]:
    """Length of every passage in tokens of the bi-encoder."""
    spans = token_spans_of(embedder())
    return [len(spans(passage.text)) for passage in found.passages]


@st.cache_data
def labelled_set(name: str) -> LabelledSet | None:
    """The labelled queries that come with a collection: the sample has them."""
    return read_folder(settings().sample_dir) if name == SAMPLE else None
