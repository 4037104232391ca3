"""Every cache of the app, in wrappers of a few lines. Models and collections are shared by all sessions, read-only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import streamlit as st

from rag_core.analysis import reranker_ablation
from rag_core.analysis.sentence_attribution import Attribution, attribute
from rag_core.corpus.collection import Collection
from rag_core.corpus.facets import Facets, facets
from rag_core.corpus.sample import SAMPLE, read_examples
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.private_collections import forget_sessions, session_folder, visited
from rag_core.diagnosis import Location, WhatIf, pairs_needed, what_would_keep
from rag_core.errors import BadInput, CollectionError
from rag_core.evaluation.beir import read_folder
from rag_core.evaluation.sets import LabelledSet
from rag_core.generation.chat.access import ChatAccess
from rag_core.generation.chat.price import priced
from rag_core.generation.chat.stream import stream_answer
from rag_core.generation.rewrite import rewrite
from rag_core.pipeline.cascade import unscored_passages
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.rerank.base import Reranker
from rag_core.rerank.catalogue import get_reranker
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.schema.answers import Answer
from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.filters import Filter
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import ExtraSearch, Policy
from rag_core.schema.progress import Progress
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from rag_core.settings import Settings
from rag_core.storage.database import Store, StoredPairs
from rag_core.triage import CaseBook, JobBook
from ui import sample_corpus
from ui.panels import retrying
from ui.sidebar import access


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
def job_book() -> JobBook:
    """Work in the background."""
    return JobBook(store())


def embedder() -> Embedder:
    """The bi-encoder, loaded once per process."""
    return get_embedder(settings().embedding_model, settings().device)


def shared() -> Library:
    """The collections that everybody sees."""
    return Library(settings().data_dir / "collections", settings().exact_limit)


@st.cache_data(ttl=3600)
def _forget_old_sessions() -> int:
    return forget_sessions(settings().data_dir)


@st.cache_data(ttl=3600, max_entries=1000)
def _noted_visit(owner: str) -> None:
    visited(settings().data_dir, owner)


def private(owner: str) -> Library:
    """The collections of one owner. Reading them counts as use; those that were not used for long are forgotten."""
    _noted_visit(owner)
    _forget_old_sessions()
    return Library(session_folder(settings().data_dir, owner), settings().exact_limit)


def library_of(name: str, owner: str) -> Library:
    """The library that holds the collection: the session's own first, then the shared one."""
    mine = private(owner)
    return mine if name != SAMPLE and name in mine.names(owner) else shared()


def seen_by(name: str, owner: str) -> str:
    """Who alone sees the collection: its owner; empty where everybody does."""
    if name == SAMPLE:
        return ""
    return library_of(name, owner).manifest(name).owner or ""


def collection_names(owner: str) -> list[str]:
    """The sample first, then this session's own, then the shared ones."""
    others = [name for name in [*private(owner).names(owner), *shared().names()] if name != SAMPLE]
    return [SAMPLE, *dict.fromkeys(others)]


def collection_problems(owner: str) -> list[CollectionError]:
    """What is wrong with each collection that no list names, since what it says of itself cannot be read."""
    return [*private(owner).problems(), *shared().problems()]


def name_of(ref: CollectionRef, owner: str) -> str:
    """What a case's collection is called now. Raises CollectionError where this session does not see it.

    It is told by its id or content: another person's collection may have the same name.
    """
    names = collection_names(owner)
    for name in names:
        if ready(name) and ref.is_same_as(library_of(name, owner).manifest(name).ref):
            return name
    raise CollectionError(
        f"The collection {ref.name!r} that this case was saved on is not here, or has other content now. "
        f"You see: {', '.join(names)}. Open one of these in Triage to ask the question there."
    )


def may_be_private(name: str, fingerprint: str, owner: str) -> bool:
    """True where a case may be about a collection that this session alone sees: its name or its content says so."""
    mine = private(owner)
    return any(fingerprint == mine.manifest(one).fingerprint or one == name for one in mine.names(owner))


def collection(name: str, owner: str) -> Collection:
    """The collection in memory. The sample is indexed on its first use, with a progress bar."""
    if not ready(name):
        sample_corpus.ensure(shared(), settings(), embedder(), job_book())
    library = library_of(name, owner)
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


@st.cache_resource(max_entries=8)
def _measuring(root: str, name: str, fingerprint: str) -> Pipeline:
    return Pipeline(_opened(root, name, fingerprint), embedder())


@st.cache_resource
def pair_cache() -> StoredPairs:
    """Every pair score that is known, shared by all sessions."""
    return store().pair_cache()


def pipeline(name: str, owner: str) -> Pipeline:
    """The pipeline over a collection, with the models that this session may use. A thread may go on with it."""
    mine, chat_model = access.current(), _chat_model()
    return Pipeline(
        collection(name, owner),
        embedder(),
        pair_cache(),
        lambda key: get_reranker(key, settings(), mine),
        partial(rewrite, chat_model) if chat_model else None,
    )


def _chat_model() -> ChatAccess | None:
    """The chat model of this session; None where the environment's cannot be used, which the sidebar says."""
    try:
        return access.chat_model()
    except BadInput:
        return None


def reranker(key: str) -> Reranker:
    """The reranker of that key, as this session may use it."""
    return get_reranker(key, settings(), access.current())


@dataclass
class Measured:
    """What one question has measured so far; grows when a policy needs pairs that no one has scored."""

    measurement: Measurement
    answers: dict[tuple[object, ...], Answer] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@st.cache_resource(max_entries=200, show_spinner="Searching")
def _measured(
    root: str,
    name: str,
    fingerprint: str,
    query: str,
    where: Filter | None,
    writer: tuple[str, str],  # noqa: ARG001 - the cache is keyed by it
    _extras: tuple[ExtraSearch, ...],
) -> Measured:
    """Extra searches of whoever asks first run beside the main one; others' are added by `searched`."""
    return Measured(_measuring(root, name, fingerprint).measure(query, where, _extras))


def measured(name: str, owner: str, query: str, policy: Policy, where: Filter | None = None) -> Measured:
    """The shared measurement of a question over a collection.

    Where the policy has the question rewritten, it is shared by those only who have it rewritten by the same model:
    what a session's own model said is found by nobody else.
    """
    found, writer = collection(name, owner), ("", "")
    if policy.rewrite.on and (chat_model := _chat_model()):
        writer = (chat_model.scope, chat_model.config.model_dump_json())
    return _measured(
        str(library_of(name, owner).root), name, found.ref.fingerprint, query, where, writer, policy.extra_searches
    )


def rewrite_again(name: str, owner: str, run: Trace) -> None:
    """Forget that rewriting this question failed, so that the next run asks the chat model again."""
    shared_state = measured(name, owner, run.query, run.policy, run.where)
    with shared_state.lock:
        shared_state.measurement = shared_state.measurement.model_copy(update={"rewriting": None})


def searched(name: str, owner: str, query: str, policy: Policy, where: Filter | None = None) -> Measured:
    """The shared measurement with every extra search of the policy run; no reranker is asked."""
    shared_state = measured(name, owner, query, policy, where)
    with shared_state.lock:
        asking = policy.rewrite.on and shared_state.measurement.rewriting is None
        with st.spinner("Rewriting the question", show_time=True) if asking else nullcontext():
            shared_state.measurement = pipeline(name, owner).search(shared_state.measurement, policy)
    return shared_state


def due(name: str, owner: str, shared_state: Measured, policy: Policy) -> bool:
    """True where a reranker of the policy has something to score for this question and has not failed on it here."""
    known = shared_state.measurement
    return pipeline(name, owner).due(known, policy, retrying.given_up(known, policy))


def score_slice(name: str, owner: str, shared_state: Measured, policy: Policy) -> bool:
    """Score the next slice of the pool for everybody; False where nothing is left to score or the reranker failed."""
    with shared_state.lock:
        paid = pipeline(name, owner)
        shared_state.measurement = paid.score_slice(shared_state.measurement, policy)
        return bool(paid.pending(shared_state.measurement, policy))


def trace(name: str, owner: str, query: str, policy: Policy, where: Filter | None = None) -> Trace:
    """The question's trace under this policy: a replay, after scoring the pairs that no one has scored yet."""
    shared_state = searched(name, owner, query, policy, where)
    with shared_state.lock:
        known, paid = shared_state.measurement, pipeline(name, owner)
        given_up = retrying.given_up(known, policy)
        missing = len(unscored_passages(known, policy)) if paid.due(known, policy, given_up) else 0
        with st.spinner(f"Reranking {missing} candidates") if missing else nullcontext():
            shared_state.measurement = paid.score(known, policy, given_up=given_up)
        retrying.remember(shared_state.measurement, policy)
    return replay(shared_state.measurement, policy)


def what_if(name: str, owner: str, run: Trace, location: Location) -> WhatIf:
    """What would have kept the document in this run: replays only."""
    return _what_if(measured(name, owner, run.query, run.policy, run.where).measurement, run.policy, location)


def _paid(known: Measurement) -> tuple[object, ...]:
    """What tells two measurements apart: when they were made, how much of them is scored and searched beside."""
    scored = sum(len(each.pairs) for each in known.rerankings.values())
    return known.collection.fingerprint, known.query, str(known.measured_at), scored, len(known.extra_searches)


@st.cache_resource(
    max_entries=200,
    show_spinner="Trying other settings",
    hash_funcs={Measurement: _paid, Policy: Policy.model_dump_json, Location: Location.model_dump_json},
)
def _what_if(known: Measurement, policy: Policy, location: Location) -> WhatIf:
    return what_would_keep(known, policy, location)


def score_for_what_if(name: str, owner: str, run: Trace, location: Location, progress: Progress) -> None:
    """Score, once, the pairs that leave settings open."""
    shared_state = measured(name, owner, run.query, run.policy, run.where)
    with shared_state.lock:
        for reranker, missing in pairs_needed(shared_state.measurement, run.policy, location).items():
            scored = pipeline(name, owner).score_passages(shared_state.measurement, reranker, missing, progress)
            shared_state.measurement = scored


def why(run: Trace, passage: Passage, progress: Progress) -> Attribution:
    """Which sentences of a passage earned its score, by the run's reranker; scored pairs come from the cache."""
    return attribute(reranker(run.policy.reranker), run.query, passage, pair_cache(), progress)


def without_reranking(run: Trace, name: str, owner: str) -> Trace:
    """The same run in fused order: a replay."""
    known = measured(name, owner, run.query, run.policy, run.where).measurement
    return reranker_ablation.without_reranking(known, run.policy)


def extractive(run: Trace, name: str, owner: str, chooser: str | None = None) -> Answer:
    """The extractive answer, remembered by what it was made from and by which reranker chose its sentences."""
    kept = tuple(hit.passage_id for hit in run[StepName.KEPT].hits)
    key = ("extractive", chooser or run.policy.reranker, run.rerank.status == "failed", kept)
    shared_state = measured(name, owner, run.query, run.policy, run.where)
    with shared_state.lock:
        if key not in shared_state.answers:
            shared_state.answers[key] = pipeline(name, owner).answer(run, chooser)
        return shared_state.answers[key]


@st.cache_data
def examples(count: int) -> list[dict[str, str]]:
    """Example questions of the sample corpus, each of another kind."""
    return read_examples(settings().sample_dir, count)


@st.cache_resource(max_entries=32, hash_funcs={Collection: lambda found: found.ref.fingerprint})
def facets_of(found: Collection) -> Facets:
    """What the collection's documents can be filtered by."""
    return facets(found.documents())


@st.cache_resource(max_entries=8, hash_funcs={Collection: lambda found: found.ref.fingerprint})
def token_lengths(found: Collection) -> list[int]:
    """Length of every passage in tokens of the bi-encoder."""
    model = embedder()
    return [len(model.token_spans(passage.text)) for passage in found.passages]


def chat(run: Trace, name: str, owner: str, access: ChatAccess, show: Callable[[str], None]) -> Answer:
    """The chat model's answer, remembered by what it was asked. `show` gets the text so far as it comes in.

    What a session's own model said is found by nobody else: its scope is part of the key. Raises GenerationError where
    the model cannot answer.
    """
    kept = tuple(hit.passage_id for hit in run[StepName.KEPT].hits)
    key = (access.scope, access.config, kept)
    known = measured(name, owner, run.query, run.policy, run.where).answers
    if key not in known:
        stream = stream_answer(access, run.query, [run.passages[passage_id] for passage_id in kept])
        text = ""
        for piece in stream.pieces():
            text += piece
            show(text)
        answer = pipeline(name, owner).check(run, stream.answer)
        timing = answer.timing.model_copy(update={"started_ms": run.took_ms})
        known[key] = answer.model_copy(update={"timing": timing})
    return priced(known[key], access.price)


@st.cache_data
def labelled_set(name: str) -> LabelledSet | None:
    """The labelled queries that come with a collection: the sample has them."""
    return read_folder(settings().sample_dir) if name == SAMPLE else None
