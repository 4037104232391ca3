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
from rag_core.corpus.storage.manifest import Manifest
from rag_core.corpus.storage.own_model import BY_WORDS, embedder_over
from rag_core.corpus.storage.visible import VisibleCollections, shared_library
from rag_core.errors import CollectionError
from rag_core.evaluation.beir import read_folder
from rag_core.evaluation.sets import LabelledSet
from rag_core.generation.rewrite import rewrite
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.base import Reranker
from rag_core.retrieval.embedders.choosing import embedder_for
from rag_core.retrieval.embedders.protocol import Embedder
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
from ui import index_caches, sample_corpus, visits
from ui.sidebar import access, by_words, indexes

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


def embedder(key: str = "") -> Embedder:
    """The embedding model of that key, as this session may use it; without one the app's own. Asks nobody yet."""
    return embedder_for(key or settings().embedding_model, settings(), access.current())


def shared() -> Library:
    """The collections that everybody sees."""
    return shared_library(settings())


def private(owner: str) -> Library:
    """The collections of one owner."""
    return visible(owner).own


def visible(owner: str) -> VisibleCollections:
    """The collections that this session sees. Looking at them counts as use; those not used for long are forgotten."""
    visits.noted(settings().data_dir, owner)
    return VisibleCollections(settings(), owner)


def manifest(name: str, owner: str) -> Manifest:
    """What the collection says of itself. Raises CollectionError where it is not there."""
    return visible(owner).library_of(name).manifest(name)


def collection(name: str, owner: str) -> Collection:
    """The collection in memory, as this session searches it; its model is not asked. The sample is indexed on its first
    use, with a progress bar."""
    if not ready(name):
        sample_corpus.ensure(shared(), settings(), embedder(), job_book())
    library = visible(owner).library_of(name)
    found = _opened(str(library.root), name, library.manifest(name).fingerprint)
    return found.by_words(BY_WORDS) if by_words.chosen(found.manifest) else found


def embedder_of(found: Collection) -> Embedder:
    """The model that the collection's vectors are of. Raises ModelError where it cannot be reached, CollectionError
    where its server runs another one."""
    model = embedder_over(found, settings(), access.current())
    found.check_model(model.model)
    return model


@st.cache_resource(max_entries=8, show_spinner="Opening the collection")
def _opened(root: str, name: str, fingerprint: str) -> Collection:
    found = Library(Path(root), settings().exact_limit).load(name)
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
    if connected := indexes.find(name):
        return indexes.question_scope(name, connected) + connected.collection.fingerprint
    found = collection(name, owner)
    return found.ref.fingerprint + ("" if found.capabilities.dense else " by words")


def pipeline(name: str, owner: str) -> Pipeline:
    """The pipeline over a collection, with the models that this session may use. A thread may go on with it."""
    chat_model, searched = access.usable_chat_model(), engine(name, owner)
    return Pipeline(
        searched,
        embedder_of(searched) if isinstance(searched, Collection) else searched.embedder,
        pair_cache(),
        access.rerankers(settings()),
        partial(rewrite, chat_model) if chat_model else None,
    )


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
    by_words: bool,  # noqa: ARG001
) -> QuerySession:
    return QuerySession(Pipeline(_opened(root, name, fingerprint), embedder()), query, where)


def question(choice: SidebarState, query: str) -> QuerySession:
    """The question over the chosen collection, shared by all who ask it, in this session's name.

    Where the policy has the question rewritten, it is shared by those only who have it rewritten by the same model:
    what a session's own model said is found by nobody else.
    """
    name, writer = choice.collection, ("", "")
    if choice.policy.rewrite.on and (chat_model := access.usable_chat_model()):
        writer = (chat_model.scope, chat_model.config.model_dump_json())
    if connected := indexes.find(name):
        scope, searched = indexes.question_scope(name, connected), connected.collection
        key = (scope, searched.config.model_dump_json(), searched.fingerprint)
        shared_one = index_caches.question(key, query, choice.where, writer, searched)
    else:
        found = collection(name, choice.owner)
        root = str(visible(choice.owner).library_of(name).root)
        words = not found.capabilities.dense
        shared_one = _question(root, name, found.ref.fingerprint, query, choice.where, writer, words)
    return shared_one.using(pipeline(choice.collection, choice.owner), access.asker())


def why(run: Trace, passage: Passage, progress: Progress) -> Attribution:
    """Which sentences of a passage earned its score, by the run's reranker; scored pairs come from the cache."""
    return attribute(reranker(run.policy.reranker), run.query, passage, pair_cache(), progress)


@st.cache_resource
def examples(count: int) -> list[dict[str, str]]:
    """Example questions of the sample corpus, each with what it shows."""
    return read_examples(settings().sample_dir, count)


@st.cache_resource(max_entries=32, hash_funcs={Collection: lambda found: found.ref.fingerprint})
def facets_of(found: Collection) -> Facets:
    """What the collection's documents can be filtered by."""
    return facets(found.kinds())


@st.cache_resource
def labelled_set(name: str) -> LabelledSet | None:
    """The labelled queries that come with a collection: the sample has them."""
    return read_folder(settings().sample_dir) if name == SAMPLE else None
