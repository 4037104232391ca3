"""The requests of a run in one line."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.analysis.paid_calls import PaidStep
from rag_core.generation.chat.price import dollars_text
from rag_core.schema.paid_calls import PaidCalls


def paid_text(steps: Sequence[PaidStep]) -> str:
    """`Requests: 3. Rerank: 2 to Cohere rerank-v3.5 (2 units, $0.0040). Answer: 1 to llama3.2 (84 tokens).`

    Empty where nothing was sent.
    """
    if not steps:
        return ""
    sent = sum(one.calls.requests for one in steps)
    return " ".join([f"Requests: {sent:,}.", *map(_step, steps)])


def _step(one: PaidStep) -> str:
    named = f"{one.step.capitalize()}: " if one.step else ""
    billed = _billed(one.calls)
    return f"{named}{one.calls.requests:,} to {one.who}{f' ({billed})' if billed else ''}."


def _billed(calls: PaidCalls) -> str:
    said = [f"{calls.units:,g} {'unit' if calls.units == 1 else 'units'}"] if calls.units else []
    said += [f"{calls.tokens:,} tokens"] if calls.tokens else []
    said += [dollars_text(calls.dollars)] if calls.dollars is not None else []
    return ", ".join(said)
