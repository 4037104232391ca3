"""Request bodies and answers of embedding services, by the API's row. No network here.

Every vector is checked: one for each text, all as long as was asked for, every number finite.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_core.errors import ModelError
from rag_core.rerank.hosted.shapes import dig, error_of
from rag_core.retrieval.embedders.hosted.api import EmbeddingApi, Role

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

TRY = "Try again, or choose another embedding model."


def body_of(api: EmbeddingApi, model: str, texts: Sequence[str], role: Role, dimensions: int | None) -> dict[str, Any]:
    """The JSON body of one request."""
    asked: dict[str, Any] = {api.role: api.roles[role]} if api.role else {}
    if dimensions:
        asked[api.dimensions] = dimensions
    if api.wrapped:
        each = {"model": f"models/{model}", **asked}
        return {api.inputs: [{**each, "content": {"parts": [{"text": text}]}} for text in texts], **api.options}
    return {**({"model": model} if model else {}), api.inputs: list(texts), **asked, **api.options}


def vectors_of(
    api: EmbeddingApi, answer: Any, count: int, dimensions: int | None, asked: bool, secret: str = ""
) -> Vectors:
    """One unit vector per text, in the texts' order, float32, shape (count, dimensions).

    dimensions: how long they must be, None: all alike. asked: whether that length was asked for. secret: the key, which
    no message holds. Raises ModelError unless every text has exactly one vector of finite numbers.
    """
    results = dig(answer, api.vectors)
    if not isinstance(results, list):
        raise ModelError(
            f"{api.label} sent an answer without a list of vectors. {_check(api)}{_said(api, answer, secret)}"
        )
    if len(results) != count:
        raise ModelError(f"{api.label} returned {len(results)} vectors for {count} texts. {TRY}")
    found: dict[int, Vectors] = {}
    for number, result in enumerate(results):
        place = _place(api, result, number, count)
        if place in found:
            raise ModelError(f"{api.label} returned two vectors for text {place + 1} of {count}. {TRY}")
        found[place] = _vector(api, dig(result, api.vector), place)
    return _units(api, [found[place] for place in range(count)], dimensions, asked)


def _place(api: EmbeddingApi, result: Any, number: int, count: int) -> int:
    """Which text a vector is of: what it says itself, since some servers do not keep the order."""
    if not api.index:
        return number
    place = result.get(api.index) if isinstance(result, dict) else None
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < count:
        raise ModelError(f"{api.label} returned a vector for text {place!r:.40}, but {count} were sent. {TRY}")
    return place


def _vector(api: EmbeddingApi, numbers: Any, place: int) -> Vectors:
    good = isinstance(numbers, list) and numbers and all(type(one) in (int, float) for one in numbers)
    vector: Vectors = np.array(numbers if good else [np.nan], dtype=np.float64)
    if not np.isfinite(vector).all() or not vector.any():
        what = "only zeros" if good and not vector.any() else "something that is no list of finite numbers"
        raise ModelError(f"{api.label} returned {what} as the vector of text {place + 1}. {TRY}")
    return vector


def _units(api: EmbeddingApi, vectors: list[Vectors], dimensions: int | None, asked: bool) -> Vectors:
    wanted = dimensions or len(vectors[0])
    wrong = next((len(one) for one in vectors if len(one) != wanted), None)
    if wrong is not None:
        told = (
            "This model cannot shorten its vectors: leave the dimensions out, or choose another model."
            if asked
            else "It may run another model now. Check which, or index the documents again."
        )
        raise ModelError(f"{api.label} returned a vector of {wrong} numbers where {wanted} were expected. {told}")
    stacked = np.stack(vectors)
    unit: Vectors = (stacked / np.linalg.norm(stacked, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _check(api: EmbeddingApi) -> str:
    return TRY if api.hosted else "Check the address and the type of the server."


def _said(api: EmbeddingApi, answer: Any, secret: str) -> str:
    said = " ".join(error_of(api, answer).split())
    said = (said.replace(secret, "…") if secret else said)[:200]
    return f" It says: “{said}”." if said else ""
