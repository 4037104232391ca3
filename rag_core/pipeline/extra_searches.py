"""The extra searches beside the main one, also those of rewritten queries: what was measured for each, its lists and
weights in fusion, its steps in a trace. Searching itself is `rag_core.pipeline.search_round`'s, the order of the steps
`rag_core.pipeline.replay`'s.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from rag_core.errors import BadInput, UnmeasuredSearch
from rag_core.pipeline.step_warnings import NO_SUCH_SEARCH
from rag_core.schema.filters import Filter, intersect
from rag_core.schema.measurement import Measurement, RankedList, Rewriting, SearchRun
from rag_core.schema.paid_calls import EmbeddingCalls
from rag_core.schema.policy import ExtraSearch, Policy, rewritten_name
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Evidence, Hit, Step, StepKind, StepName, StepWarning, Timing
from rag_core.schema.trace_record import ExtraSearchRun
from rag_core.wording import step_warnings as words

SPACES = {StepName.DENSE: ScoreSpace.COSINE, StepName.LEXICAL: ScoreSpace.BM25}


def searches_of(measurement: Measurement, policy: Policy) -> tuple[ExtraSearch, ...]:
    """The policy's extra searches, then one for each rewritten query where the policy asks for those.

    Raises UnmeasuredSearch where it does and the question was not rewritten yet.
    """
    if not policy.rewrite.on:
        return policy.extra_searches
    if measurement.rewriting is None:
        raise UnmeasuredSearch("for the rewritten question")
    depth, weight = policy.rewrite.depth, policy.rewrite.weight
    rewritten = (
        ExtraSearch(name=rewritten_name(number), query=query, depth=depth, weight=weight)
        for number, query in enumerate(measurement.rewriting.queries, start=1)
    )
    return (*policy.extra_searches, *rewritten)


def asked_of(query: str, where: Filter | None, one: ExtraSearch) -> tuple[str, Filter | None]:
    """What an extra search of this question looks for: its words, and its filter together with the run's."""
    return one.query or query, intersect(where, one.where)


def missing_searches(measurement: Measurement, policy: Policy) -> list[ExtraSearch]:
    """The extra searches that no one has run for this question yet, in order. Raises as `searches_of`."""
    known = {(one.query, one.where) for one in measurement.extra_searches}
    asked = ((one, asked_of(measurement.query, measurement.where, one)) for one in searches_of(measurement, policy))
    return [one for one, looks_for in asked if looks_for not in known]


def search_run(measurement: Measurement, one: ExtraSearch) -> SearchRun:
    """What was measured for an extra search.

    Raises UnmeasuredSearch where it has not been run, BadInput where its depth is greater than what was measured.
    """
    asked = asked_of(measurement.query, measurement.where, one)
    found = next((each for each in measurement.extra_searches if (each.query, each.where) == asked), None)
    if found is None:
        raise UnmeasuredSearch(one.name)
    if one.depth > measurement.depth:
        raise BadInput(f"This query was measured to depth {measurement.depth}; measure it again for {one.depth}.")
    return found


def list_name(search: str, step: StepName) -> str:
    """What a list of an extra search is called in fusion: `recent dense`."""
    return f"{search} {step}"


def main_lists(measured: Measurement | SearchRun) -> dict[StepName, RankedList]:
    """The lists of a search that there are: without the one that its engine cannot search."""
    lists = {StepName.DENSE: measured.dense, StepName.LEXICAL: measured.lexical}
    return {name: found for name, found in lists.items() if not found.unavailable}


def named_lists(measurement: Measurement, policy: Policy) -> dict[str, list[str]]:
    """Every ranked list that is fused, by its name: the main two cut to the policy's depth, the others to their own."""
    named: dict[str, list[str]] = {name: _ids(found, policy.depth) for name, found in main_lists(measurement).items()}
    for one in searches_of(measurement, policy):
        for name, found in main_lists(search_run(measurement, one)).items():
            named[list_name(one.name, name)] = _ids(found, one.depth)
    return named


def list_weights(measurement: Measurement, policy: Policy) -> dict[str, float]:
    """The weight of every list that is fused, by its name."""
    weights = {StepName.DENSE: policy.fusion.dense_weight, StepName.LEXICAL: policy.fusion.lexical_weight}
    own = {step: weights[step] for step in main_lists(measurement)}
    named = {str(step): weight for step, weight in own.items()}
    return named | {
        list_name(one.name, step): one.weight * weight
        for one in searches_of(measurement, policy)
        for step, weight in own.items()
    }


def timeline(
    measurement: Measurement, policy: Policy, main_ended_ms: float
) -> tuple[Rewriting | None, tuple[ExtraSearchRun, ...]]:
    """Rewriting, where the policy asks for it, and the extra searches, on the time line of the run.

    Round 0 began with the main search; then comes rewriting; then each later round, when the one before it has ended.
    """
    searches = [(one, search_run(measurement, one)) for one in searches_of(measurement, policy)]
    ends: dict[int, float] = {}
    for _, found in searches:
        ends[found.round] = max(ends.get(found.round, 0.0), found.dense.timing.ended_ms, found.lexical.timing.ended_ms)
    now_ms = max(main_ended_ms, ends.pop(0, 0.0))
    reworded = _rewriting(measurement, policy, now_ms)
    now_ms = reworded.timing.ended_ms if reworded else now_ms
    begins = {0: 0.0}
    for number in sorted(ends):
        begins[number], now_ms = now_ms, now_ms + ends[number]
    searched = measurement.collection.passages
    return reworded, tuple(_run(one, found, searched, begins[found.round]) for one, found in searches)


def embedding_calls(measurement: Measurement, policy: Policy) -> EmbeddingCalls | None:
    """What the texts of this policy's searches took to embed, the question's and the extra ones'."""
    found = [search_run(measurement, one) for one in searches_of(measurement, policy)]
    once_each = {(one.query, one.where): one.embedding for one in found}
    once_each[measurement.query, measurement.where] = measurement.embedding
    paid = [one for one in once_each.values() if one]
    return reduce(add, paid) if paid else None


def _rewriting(measurement: Measurement, policy: Policy, now_ms: float) -> Rewriting | None:
    """What rewriting gave and took, laid on the run's time line; None where the policy asks for none."""
    if not policy.rewrite.on or measurement.rewriting is None:
        return None
    timing = _later(measurement.rewriting.timing, now_ms)
    return measurement.rewriting.model_copy(update={"timing": timing})


def _run(one: ExtraSearch, found: SearchRun, searched: int, now_ms: float) -> ExtraSearchRun:
    nothing = not found.dense.found and not found.lexical.found
    first, *_ = main_lists(found) or (StepName.DENSE,)
    empty = {first: _empty(found)} if nothing else {}
    return ExtraSearchRun(
        name=one.name,
        query=found.query,
        where=found.where,
        embed=_later(found.embed, now_ms),
        dense=_step(StepName.DENSE, found.dense, one.depth, searched, now_ms, empty.get(StepName.DENSE, ())),
        lexical=_step(StepName.LEXICAL, found.lexical, one.depth, searched, now_ms, empty.get(StepName.LEXICAL, ())),
        terms=found.lexical.terms,
    )


def _step(
    name: StepName,
    search: RankedList,
    depth: int,
    searched: int,
    now_ms: float,
    warnings: tuple[StepWarning, ...] = (),
) -> Step:
    if search.unavailable:
        return unavailable(name, search)
    hits = (Hit(passage_id=c, rank=rank, score=score) for rank, (c, score) in enumerate(search.found[:depth], start=1))
    return Step(
        name=name,
        kind=StepKind.SEARCH,
        space=space_of(name, search),
        hits=tuple(hits),
        hits_in=searched,
        timing=_later(search.timing, now_ms),
        warnings=(*search.warnings, *warnings),
    )


def space_of(name: StepName, search: RankedList) -> ScoreSpace:
    """What the scores of a list mean."""
    return search.space or SPACES[name]


def unavailable(name: StepName, search: RankedList) -> Step:
    """The step of a search that the engine does not have: no list, and why."""
    return Step(
        name=name,
        kind=StepKind.SEARCH,
        space=space_of(name, search),
        hits=(),
        hits_in=None,
        evidence=Evidence.UNAVAILABLE,
        timed=False,
        warnings=(StepWarning(code=NO_SUCH_SEARCH, message=search.unavailable),),
    )


def _empty(found: SearchRun) -> tuple[StepWarning, ...]:
    where = str(found.where) if found.where else ""
    return (StepWarning(code="search-empty", message=words.extra_search_empty(where)),)


def _later(timing: Timing, by_ms: float) -> Timing:
    return Timing(started_ms=timing.started_ms + by_ms, took_ms=timing.took_ms)


def _ids(search: RankedList, depth: int) -> list[str]:
    return [passage_id for passage_id, _ in search.found[:depth]]
