"""Which requests a run sent to services, servers of your own and chat models, step by step, and what they cost.

The run's own count, whoever asked the question first: scores that come from the cache were paid for by an earlier run.
"""

from __future__ import annotations

from collections.abc import Mapping

from rag_core.analysis.cost import dollars_of
from rag_core.errors import BadInput
from rag_core.rerank.catalogue import entry_of
from rag_core.rerank.entry import Entry
from rag_core.retrieval.embedders.hosted.apis import HOSTED_APIS
from rag_core.retrieval.embedders.hosted.known import known_model
from rag_core.retrieval.embedders.naming import EmbedderKey, parse_key
from rag_core.schema.answers import Answer
from rag_core.schema.base import Frozen
from rag_core.schema.measurement import Rewriting
from rag_core.schema.paid_calls import EmbeddingCalls, PaidCalls
from rag_core.schema.price import Price
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.trace import Trace

EMBEDDING = "embedding"
"""The step that embeds the words of the searches."""


class PaidStep(Frozen):
    """What one step sent to one service or model. `step` is empty for calls that belong to no step of a run.

    unknown: which of its tokens and its cost a service that bills for them does not say, and nothing here knows.
    """

    step: str
    who: str
    calls: PaidCalls
    unknown: tuple[str, ...] = ()


def paid_calls(*traces: Trace) -> tuple[PaidStep, ...]:
    """Every step that sent requests; none for a run that stayed on this machine.

    Several traces are of one question, measured once: what one model did in one step is paid for once.
    """
    found: dict[tuple[str, str], PaidStep] = {}
    for trace in traces:
        for one in _steps(trace):
            known = found.get((one.step, one.who))
            if known is None or known.calls.requests < one.calls.requests:
                found[one.step, one.who] = one
    return tuple(found.values())


def answer_calls(answer: Answer) -> tuple[PaidStep, ...]:
    """What an answer alone took: a chat model's reply, or the choice of quoted sentences."""
    steps = [_choosing("answer", answer.choosing)] if answer.choosing else []
    if answer.prompt:
        steps.append(_chat("answer", answer))
    return tuple(one for one in steps if one.calls.requests)


def calls_by_service(spent: Mapping[str, PaidCalls]) -> tuple[PaidStep, ...]:
    """What a meter has counted, at the prices that are known."""
    return tuple(_priced("", name, calls) for name, calls in spent.items())


def total(steps: tuple[PaidStep, ...]) -> PaidCalls:
    """All of them together."""
    return sum((one.calls for one in steps), PaidCalls())


def _steps(trace: Trace) -> list[PaidStep]:
    if trace.origin:  # what another pipeline sent was not sent from here
        return []
    rewriting = trace.rewriting
    steps = [_embedding(trace.embedding)] if trace.embedding else []
    steps += [_chat("rewriting", rewriting, rewriting.requests)] if rewriting and rewriting.prompt else []
    names = ["first pass", "rerank"][-len(trace.rerank_passes) :]
    reports = (report for _, report in trace.rerank_passes)
    steps += [_choosing(name, report) for name, report in zip(names, reports, strict=True)]
    steps += answer_calls(trace.recorded_answer) if trace.recorded_answer else ()
    return [one for one in steps if one.calls.requests]


def _embedding(paid: EmbeddingCalls) -> PaidStep:
    known = known_model(paid.model)
    calls = _in_dollars(paid.calls, known.price if known else None)
    found = PaidStep(step=EMBEDDING, who=_who(paid.model), calls=calls)
    if paid.model.partition(":")[0] not in {one.name for one in HOSTED_APIS}:
        return found
    said = {"tokens": found.calls.tokens or found.calls.units, "cost": found.calls.dollars is not None}
    return found.with_(unknown=tuple(name for name, known in said.items() if not known))


def _choosing(step: str, report: RerankSummary) -> PaidStep:
    return _priced(step, report.name, PaidCalls(requests=report.requests, tokens=report.tokens, units=report.units))


def _chat(step: str, said: Answer | Rewriting, requests: int = 1) -> PaidStep:
    tokens = (said.prompt_tokens or 0) + (said.completion_tokens or 0)
    return PaidStep(step=step, who=said.model, calls=PaidCalls(requests=requests, tokens=tokens, dollars=said.dollars))


def _priced(step: str, name: str, calls: PaidCalls) -> PaidStep:
    """With the name and the price of that reranker or embedding model, where it is one that is known here.

    Keys of models on servers of one's own are alike for both, so the name is the model's for both.
    """
    known, entry = known_model(name), _entry(name)
    priced = known or entry
    calls = _in_dollars(calls, priced.price if priced else None)
    return PaidStep(step=step, who=_who(name, None if known else entry), calls=calls)


def _who(name: str, entry: Entry | None = None) -> str:
    """What users call a model: as the key of its service or server does, else as the reranker's entry does."""
    remote = _remote(name)
    if remote and (entry is None or remote.address):
        return remote.label
    return entry.label if entry else name


def _in_dollars(calls: PaidCalls, price: Price | None) -> PaidCalls:
    dollars = calls.dollars if calls.dollars is not None else dollars_of(calls.units, calls.tokens, price)
    return calls.with_(dollars=dollars)


def _remote(name: str) -> EmbedderKey | None:
    """What the key of a model behind HTTP names; None where the name is no such key."""
    try:
        key = parse_key(name)
    except BadInput:
        return None
    return key if key.remote else None


def _entry(name: str) -> Entry | None:
    try:
        return entry_of(name)
    except BadInput:
        return None
