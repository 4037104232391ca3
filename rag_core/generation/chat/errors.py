"""What went wrong with a chat server, in words for a user and without the key. One table, no retries."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rag_core.errors import first_line


@dataclass(frozen=True)
class _Failure:
    """What a sentence may be made of. `reason` is the server's own words, the key struck out."""

    model: str
    server: str
    reason: str
    wait_s: float | None
    quota: bool
    too_long: bool


def in_words(exc: Exception, model: str, server: str, key: str, received: str) -> str:
    """The sentence for what the `openai` client raised; `received` is the text that had come in before it."""
    said = WORDS.get(type(exc).__name__, _other)(_failure(exc, model, server, key))
    said = said.replace(key, "•••") if len(key) > 4 else said
    return f"The answer broke off after {len(received)} characters. {said}" if received else said


def _failure(exc: Exception, model: str, server: str, key: str) -> _Failure:
    body = getattr(exc, "body", None)
    body = body if isinstance(body, dict) else {}
    reason = str(body.get("message") or first_line(exc)).replace(key, "•••")[:300]
    codes = f"{body.get('code')} {body.get('type')} {reason}".lower()
    return _Failure(
        model=model,
        server=server,
        reason=reason.rstrip("."),
        wait_s=_retry_after(getattr(exc, "response", None)),
        quota="insufficient_quota" in codes,
        too_long="context_length" in codes or "context length" in codes or "context size" in codes,
    )


def _retry_after(response: Any) -> float | None:
    """Seconds that the server asks to wait, where it says so as a number."""
    try:
        wait = float(response.headers.get("retry-after"))
    except (AttributeError, TypeError, ValueError):
        return None
    return wait if math.isfinite(wait) and wait >= 0 else None


def _key_refused(_failure: _Failure) -> str:
    return "The language model's server refused the key. Check the key (OPENAI_API_KEY), or enter another one."


def _forbidden(failure: _Failure) -> str:
    return f"This key may not use the model {failure.model} ({failure.reason}). Choose another model or key."


def _not_found(failure: _Failure) -> str:
    return (
        f"{failure.server} has no model {failure.model}, or is no chat server. "
        "Check the model's name (OPENAI_MODEL) and the address."
    )


def _limited(failure: _Failure) -> str:
    if failure.quota:
        return "The account of this key has no quota left. Check its plan, or use another key."
    when = f"in {math.ceil(failure.wait_s)} seconds" if failure.wait_s is not None else "in a moment"
    return f"The language model's server has too many requests now. Ask again {when}."


def _refused(failure: _Failure) -> str:
    if failure.too_long:
        return (
            f"The passages are too long for the model {failure.model}. Lower top-k, or choose a model that reads more."
        )
    return f"The language model's server refused the request: {failure.reason}. Check the model's settings."


def _slow(failure: _Failure) -> str:
    return f"{failure.server} did not answer in time. Ask again, or raise the time-out."


def _dead(failure: _Failure) -> str:
    return f"{failure.server} cannot be reached. Check the address (OPENAI_BASE_URL) and that the server runs."


def _broken(failure: _Failure) -> str:
    return f"The language model's server failed ({failure.reason}). Ask again in a moment."


def _other(failure: _Failure) -> str:
    return f"{failure.server} did not answer as a chat server does ({failure.reason}). Check the address."


WORDS: dict[str, Callable[[_Failure], str]] = {
    "AuthenticationError": _key_refused,
    "PermissionDeniedError": _forbidden,
    "NotFoundError": _not_found,
    "RateLimitError": _limited,
    "BadRequestError": _refused,
    "UnprocessableEntityError": _refused,
    "APITimeoutError": _slow,
    "APIConnectionError": _dead,
    "InternalServerError": _broken,
    "APIStatusError": _broken,
    "APIError": _broken,
}
"""The sentence by the client's error class."""
