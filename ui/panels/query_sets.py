"""Runs over many queries with a bar that shows how far they are. What is done stays done: a run that is stopped, by
moving any control, goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st

from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.threshold import Threshold
from ui import caches
from ui.panels import spent, waiting
from ui.set_results import Kind, set_results
from ui.sidebar import link_values
from ui.sidebar.state import SidebarState

T = TypeVar("T")
WITHOUT_THRESHOLD = Threshold()
FEWEST = 5
"""Sets of this size or less are always run whole."""


def uncut(policy: Policy) -> Policy:
    """The policy without its threshold: what a threshold is chosen from."""
    return policy.with_(threshold=WITHOUT_THRESHOLD)


def chosen(
    labelled: LabelledSet, label: str, key: str, at_first: int | None = None, at_most: int | None = None
) -> list[Query]:
    """As many of the set's queries as a slider says, all `at_first` unless told; no slider for a handful."""
    most = min(len(labelled.asked), at_most or len(labelled.asked))
    if most <= FEWEST:
        return list(labelled.asked)
    link_values.number(key, label, FEWEST, most, by_page=True)
    count = st.slider(label, FEWEST, most, min(at_first or most, most), key=key, bind="query-params")
    link_values.show(key)
    return spread(labelled, count)


def spread(labelled: LabelledSet, count: int) -> list[Query]:
    """`count` queries at even distances through the file, so that every kind is there."""
    queries = labelled.asked
    if count >= len(queries):
        return list(queries)
    return [queries[place * len(queries) // count] for place in range(count)]


def grades_of(labelled: LabelledSet, query: Query) -> Mapping[str, int]:
    """Grades by document id of one query; empty for one that has no answer."""
    return labelled.qrels.get(query.id, {})


def run(
    choice: SidebarState,
    queries: Sequence[Query],
    policies: Sequence[Policy],
    make: Callable[[Query, Measurement], T],
    kind: Kind,
    start: bool,
) -> list[T]:
    """What `make` says about each query, once all pairs that the policies need are scored.

    Measures only where `start` is True; returns nothing where something is not known yet. Only a run that is started
    makes an entry in the memory that all runs of this kind share.
    """
    fingerprint = caches.fingerprint(choice.collection, choice.owner)
    key = (fingerprint, tuple(policy.model_dump_json() for policy in policies), choice.filter_key)
    known: dict[str, T] = set_results().keep(kind, key) if start else set_results().find(kind, key)
    missing = [query for query in queries if query.id not in known]
    if missing and not start:
        spent.of_work(kind)  # of a run that was stopped
        return []
    if missing:
        with spent.counted(kind):
            _measure(choice, missing, policies, make, known)
    spent.of_work(kind)
    return [known[query.id] for query in queries]


def _measure(
    choice: SidebarState,
    missing: Sequence[Query],
    policies: Sequence[Policy],
    make: Callable[[Query, Measurement], T],
    known: dict[str, T],
) -> None:
    pipeline = caches.pipeline(choice.collection, choice.owner)
    if any(policy.rewrite.on for policy in policies):
        st.caption(f":material/info: Each of these {len(missing)} questions is sent to the chat model for rewriting.")
    with waiting.stoppable("set", "Starting") as bar:
        for done, query in enumerate(missing):
            said = f"Question {done + 1} of {len(missing)}. Moving a control stops the run too."

            def step(scored: int, pairs: int, done: int = done, said: str = said) -> None:
                bar.progress((done + scored / max(pairs, 1)) / len(missing), said)

            step(0, 1)
            measurement = pipeline.measure(query.text, choice.where)
            for policy in policies:
                measurement = pipeline.score(measurement, policy, step)
            known[query.id] = make(query, measurement)
