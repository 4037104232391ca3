"""Request bodies and answers of reranking services, by the provider's row. No network here.

Every index and every score is checked: a passage without a score, or with two, is an error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from rag_core.errors import ModelError
from rag_core.rerank.checks import beginning
from rag_core.rerank.hosted.provider import Api, Provider
from rag_core.schema.spaces import ScoreSpace

DOCUMENT_BYTES = 150
"""What a document counts on top of its own bytes and the query's (ZeroEntropy's formula, cautious for all)."""
ROUNDING = 1e-6
TRY = "Try again, or choose another reranker."


def batches_of(provider: Api, query: str, documents: Sequence[str], most: int) -> list[range]:
    """The indices of the documents of each request: `most`, or as many as the provider's limit in bytes allows."""
    each = len(query.encode()) + DOCUMENT_BYTES
    found, start, size = [], 0, 0
    for place, document in enumerate(documents):
        cost = len(document.encode()) + each
        if place > start and (place - start == most or size + cost > provider.batch_bytes):
            found.append(range(start, place))
            start, size = place, 0
        size += cost
    return [*found, range(start, len(documents))] if documents else []


def body_of(provider: Provider, model: str, query: str, documents: Sequence[str]) -> dict[str, Any]:
    """The JSON body of one request. Asks for all results, without texts."""
    field = provider.document_field
    return {
        **({"model": model} if model and provider.takes_model else {}),
        "query": query,
        provider.documents: [{field: document} for document in documents] if field else list(documents),
        **({provider.top: len(documents)} if provider.top else {}),
        **provider.options,
        **provider.model_options.get(model, {}),
    }


def scores_of(provider: Provider, answer: Any, documents: Sequence[str], secret: str = "") -> list[float]:
    """One score per document, in the documents' order. Raises ModelError unless each has exactly one finite score.

    secret: the key, which no message holds, whatever the service says.
    """
    results = dig(answer, provider.results)
    if not isinstance(results, list):
        said = " ".join(error_of(provider, answer).split())
        said = (said.replace(secret, "…") if secret else said)[:200]
        quoted = f" It says: “{said}”." if said else ""
        raise ModelError(
            f"{provider.label} sent an answer without a list of results. {_wrong_address(provider)}{quoted}"
        )
    scores: dict[int, float] = {}
    for result in results:
        place = _place(provider, result, len(documents))
        if place in scores:
            raise ModelError(f"{provider.label} scored passage {place + 1} of {len(documents)} twice. {TRY}")
        scores[place] = _score(provider, result, documents[place])
    left_out = [place for place in range(len(documents)) if place not in scores]
    if left_out:
        raise ModelError(
            f"{provider.label} returned no score for {len(left_out)} of {len(documents)} passages (the first is "
            f"number {left_out[0] + 1}). {TRY}"
        )
    return [scores[place] for place in range(len(documents))]


def _place(provider: Provider, result: Any, count: int) -> int:
    place = result.get(provider.index) if isinstance(result, dict) else None
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < count:
        raise ModelError(f"{provider.label} scored passage {place!r:.40}, but {count} were sent. {TRY}")
    return place


def _score(provider: Provider, result: dict[str, Any], document: str) -> float:
    score = result.get(provider.score)
    if not isinstance(score, int | float) or isinstance(score, bool) or not math.isfinite(score):
        raise ModelError(
            f"{provider.label} returned {score!r:.40} instead of a number for the passage that begins "
            f"“{beginning(document)}”. {TRY}"
        )
    if provider.space is not ScoreSpace.PROBABILITY:
        return float(score)
    if not -ROUNDING <= score <= 1 + ROUNDING:
        raise ModelError(f"{provider.label} returned {score:.6g}, which is not between 0 and 1. {_unbounded(provider)}")
    return min(1.0, max(0.0, float(score)))


def _unbounded(provider: Provider) -> str:
    if provider.hosted:
        return "This model's scores are not probabilities; choose another model."
    return "This server returns unbounded scores: name it jina-shaped-logits:<address>."


def _wrong_address(provider: Provider) -> str:
    return TRY if provider.hosted else "Check the address and the API type."


def usage_of(provider: Api, answer: Any) -> tuple[int, float]:
    """Tokens and units that the provider says it billed; 0 if it does not say."""
    tokens, units = (_count(dig(answer, path)) if path else 0.0 for path in (provider.tokens, provider.units))
    return int(tokens), units


def _count(value: Any) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    return float(value) if good else 0.0


def error_of(provider: Api, answer: Any) -> str:
    """The message in an error answer; empty if there is none."""
    found: Iterator[Any] = (dig(answer, path) for path in (*provider.errors, *_ERRORS))
    return next((text.strip() for text in found if isinstance(text, str) and text.strip()), "")


_ERRORS = ("error.message", "error", "message", "detail.0.msg", "detail")
"""Where servers say what went wrong, beside what their own documentation says."""


def dig(answer: Any, path: str) -> Any:
    """The value at a dotted path, None if there is none; the empty path is the answer itself.

    >>> dig({"detail": [{"msg": "too long"}]}, "detail.0.msg")
    'too long'
    """
    for step in path.split(".") if path else ():
        if isinstance(answer, dict):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isdigit() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return None
    return answer
