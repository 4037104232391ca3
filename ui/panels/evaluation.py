"""What the evaluation page is asked about and what it has measured: sets and runs from files, one bench a set.

A bench is shared by all sessions; it grows as scoring goes on, and what is done stays done. Figures come from
`rag_core.evaluation`.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag_core.errors import BadInput
from rag_core.evaluation.bench import Bench
from rag_core.evaluation.board import Board, board
from rag_core.evaluation.clock import pace_over
from rag_core.evaluation.gather import build
from rag_core.evaluation.indexed import unknown_documents
from rag_core.evaluation.judgments import JudgmentBook
from rag_core.evaluation.outcome import EvaluationResult, of_measurements
from rag_core.evaluation.pools import Pools
from rag_core.evaluation.score import unsearched_queries
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.evaluation.vectorised_replay import fused_rankings, rerank_pass
from rag_core.rerank.catalogue import called
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import NO_RERANKER, Policy
from ui import caches
from ui.panels import chosen_runs, evaluation_cases, query_sets, spent, waiting
from ui.panels.evaluation_files import from_files, uploaded
from ui.panels.run_selection import RECORDED
from ui.set_results import set_results
from ui.sidebar import indexes
from ui.sidebar.state import SidebarState

OWN, CASES, FILES, RUNS = "Built-in questions", "Triage cases", "My questions", "Results of another system"
LARGEST_POOL = 100
"""Curves go this far, and so does scoring all of them."""


def source(choice: SidebarState) -> str:
    """Where the questions or rankings come from: at first your own, where you uploaded some, else what there is."""
    own = [OWN] if caches.labelled_set(choice.collection) else []
    recorded = [RECORDED] if chosen_runs.there() else []
    options = [*own, CASES, FILES, RUNS, *recorded]
    at_first = FILES if uploaded() or not (own or evaluation_cases.there(choice.collection)) else options[0]
    return str(st.segmented_control("Questions from", options, default=at_first, required=True, key="eval_source"))


def labelled(choice: SidebarState, kind: str) -> LabelledSet | None:
    """The labelled set of that source with the grades given in the page; None where files are still missing."""
    makers = {
        OWN: lambda: caches.labelled_set(choice.collection),
        CASES: lambda: evaluation_cases.labelled(choice.collection, FILES),
        FILES: from_files,
        RUNS: from_files,
    }
    found = makers[kind]()
    return judgments(choice).added_to(found) if found else None


def judgments(choice: SidebarState) -> JudgmentBook:
    """The grades given in the page: everybody's, or over a private collection its owner's alone."""
    return JudgmentBook(caches.store(), indexes.seen_by(choice.collection))


def bench(choice: SidebarState, questions: LabelledSet) -> Bench:
    """The shared bench of this set over the chosen collection, under the chosen filter; an empty one before its first
    run."""
    fingerprint = caches.fingerprint(choice.collection, choice.owner)
    asked = tuple((query.id, query.text) for query in questions.queries)
    key = (fingerprint, questions.name, asked, choice.filter_key)
    found: Bench = set_results().find("evaluate", key).get("bench", Bench(key))
    return found


def score(choice: SidebarState, of: Bench, queries: Sequence[Query], policies: Sequence[Policy]) -> None:
    """Measure and score what the policies ask for, with a bar. Any control that moves stops it; nothing is lost.

    Where two people start the same run, both do its work, and what each has scored is kept.
    """
    of = set_results().keep("evaluate", of.key).setdefault("bench", of)
    pipeline = caches.pipeline(choice.collection, choice.owner)
    with waiting.stoppable("evaluation", "Starting") as bar, spent.counted("evaluation"):
        for done, _ in enumerate(of.scored(pipeline, queries, policies, choice.where), start=1):
            bar.progress(done / len(queries), f"Question {done} of {len(queries)}")


def unmeasured(of: Bench, queries: Sequence[Query], policy: Policy) -> list[Query]:
    """The questions that were not searched yet, or not with every extra search of the policy."""
    known = {query.id: of.measurements[query.id] for query in queries if query.id in of.measurements}
    lacking = set(unsearched_queries(known, policy))
    return [query for query in queries if query.id not in known or query.id in lacking]


def missing(pools: Pools, policy: Policy) -> int:
    """Pairs of the policy's pools that nobody has scored yet."""
    if policy.reranker == NO_RERANKER:
        return 0
    order, _ = fused_rankings(pools, policy)
    if policy.first_pass and policy.first_pass.reranker not in pools.scores:
        return int(order.first(policy.first_pass.pool).lengths.sum())
    if policy.reranker not in pools.scores:
        return int(order.first(policy.pool).lengths.sum())
    return int(rerank_pass(pools, order, policy).unscored.sum())


def pools_of(choice: SidebarState, of: Bench, questions: LabelledSet) -> Pools:
    """The arrays of these questions, built again only when more was scored or judged."""
    fingerprint = caches.fingerprint(choice.collection, choice.owner)
    key = (fingerprint, of.id, of.version, questions.fingerprint, choice.filter_key)
    return _pools(key, dict(of.measurements), questions)


@st.cache_resource(max_entries=8, show_spinner="Collecting the scores")
def _pools(key: object, _measurements: dict[str, Measurement], _questions: LabelledSet) -> Pools:  # noqa: ARG001
    known = {one: _measurements[one] for one in _questions.by_id if one in _measurements}
    return build(known, _questions)


def outcome(choice: SidebarState, of: Bench, questions: LabelledSet, pools: Pools) -> EvaluationResult:
    """The report under the sidebar's policy, remembered."""
    fingerprint = caches.fingerprint(choice.collection, choice.owner)
    key = (fingerprint, of.id, of.version, questions.fingerprint, choice.filter_key, choice.policy.model_dump_json())
    asked = (fingerprint, choice.collection, choice.owner, of.id, of.version, questions.fingerprint)
    return _outcome(key, of, questions, pools, choice.policy, _unknown(asked, choice, questions))


@st.cache_resource(max_entries=16, show_spinner="Looking for the graded documents")
def _unknown(key: object, _choice: SidebarState, _questions: LabelledSet) -> tuple[str, ...]:  # noqa: ARG001
    return unknown_documents(_questions, caches.engine(_choice.collection, _choice.owner))


@st.cache_resource(max_entries=16, show_spinner="Evaluating every step")
def _outcome(
    key: object,  # noqa: ARG001
    _of: Bench,
    _questions: LabelledSet,
    _pools: Pools,
    _policy: Policy,
    _unknown_ones: tuple[str, ...],
) -> EvaluationResult:
    known = {one: _of.measurements[one] for one in _pools.query_ids}
    return of_measurements(_questions, known, _policy, unknown=_unknown_ones, pools=_pools)


def curves(found: EvaluationResult, metric: str) -> Board:
    """Every curve around the outcome's policy, remembered."""
    key = (found.report.set_fingerprint, str(found.report.made_at), found.policy.model_dump_json(), metric)
    return _curves(key, found, metric)


@st.cache_resource(max_entries=16, show_spinner="Drawing the curves")
def _curves(key: object, _found: EvaluationResult, metric: str) -> Board:  # noqa: ARG001 - the caches are keyed by it
    unanswerable = tuple(query.id for query in _found.labelled.unanswerable)
    return board(_found.pools, _found.policy, metric, unanswerable, LARGEST_POOL)


def measure_times(choice: SidebarState, of: Bench, found: EvaluationResult, rerankers: Sequence[str]) -> None:
    """Measure what these rerankers take on this machine over the outcome's questions, past every cache."""
    policy = found.policy
    rows = {one: of.measurements[one] for one in found.pools.query_ids}
    pipeline = caches.pipeline(choice.collection, choice.owner)
    with waiting.stoppable("times", "Measuring time") as bar, spent.counted("evaluation"), pipeline.reading_tokens():
        for at, name in enumerate(rerankers):

            def step(done: int, total: int, at: int = at, name: str = name) -> None:
                bar.progress((at + done / max(total, 1)) / len(rerankers), f"Measuring {called(name)}")

            step(0, 1)
            wide = policy.with_(pool=LARGEST_POOL, first_pass=None)
            of.times[name] = pace_over(rows, wide, caches.reranker(name), progress=step)


AT_FIRST = 20
"""Questions of an evaluation unless told otherwise: enough for a first look, in minutes."""


def spread(questions: LabelledSet, most: int | None = None) -> list[Query]:
    """As many questions as the slider says; at most so many, where a number is given."""
    if not questions.asked:
        raise BadInput(f"No question of {questions.name} has a grade. Grade some passages, or choose another set.")
    return query_sets.chosen(questions, "Questions", "eval_size", AT_FIRST, most)
