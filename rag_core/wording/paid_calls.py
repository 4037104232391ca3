"""The requests of a run in one line."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.analysis.paid_calls import EMBEDDING, PaidStep, paid_calls
from rag_core.generation.chat.price import dollars_text
from rag_core.schema.trace import Trace


def paid_text(steps: Sequence[PaidStep]) -> str:
    """`Requests: 3. Rerank: 2 to Cohere rerank-v3.5 (2 units, $0.0040). Answer: 1 to llama3.2 (84 tokens).`

    Empty where nothing was sent.
    """
    if not steps:
        return ""
    sent = sum(one.calls.requests for one in steps)
    return " ".join([f"Requests: {sent:,}.", *map(_step, steps)])


def embedding_bill(trace: Trace) -> str:
    """What the service of the embedding model billed for this run: `8 tokens, $0.00000016`, `tokens and cost unknown`.

    Empty where nothing was sent for it.
    """
    return ", ".join(_billed(one) or "not said" for one in paid_calls(trace) if one.step == EMBEDDING)


def _step(one: PaidStep) -> str:
    named = f"{one.step.capitalize()}: " if one.step else ""
    billed = _billed(one)
    return f"{named}{one.calls.requests:,} to {one.who}{f' ({billed})' if billed else ''}."


def _billed(one: PaidStep) -> str:
    calls = one.calls
    said = [f"{calls.units:,g} {'unit' if calls.units == 1 else 'units'}"] if calls.units else []
    said += [f"{calls.tokens:,} tokens"] if calls.tokens else []
    said += [dollars_text(calls.dollars)] if calls.dollars is not None else []
    said += [f"{' and '.join(one.unknown)} unknown"] if one.unknown else []
    return ", ".join(said)
