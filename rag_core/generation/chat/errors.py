"""What went wrong with a chat server, in words for a user and without the key. One table, no retries.

said_by({"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]})
    -> "body.stream_options: Extra inputs are not permitted"
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rag_core.errors import first_line


@dataclass(frozen=True)
class _Failure:
    """What a sentence may be made of. `reason` is the server's own words, the key struck out; `asked` the address."""

    model: str
    server: str
    asked: str
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
    reason = (said_by(body) or first_line(exc)).replace(key, "•••")[:300]
    codes = f"{_field(body, 'code')} {_field(body, 'type')} {reason}".lower()
    return _Failure(
        model=model,
        server=server,
        asked=str(getattr(getattr(exc, "request", None), "url", "")) or server,
        reason=reason.rstrip("."),
        wait_s=_retry_after(getattr(exc, "response", None)),
        quota="insufficient_quota" in codes,
        too_long="context_length" in codes or "context length" in codes or "context size" in codes,
    )


def said_by(body: object) -> str:
    """The words of a server in the body of its error, in whichever of the usual places they are; "" for none."""
    if isinstance(body, str):
        return " ".join(re.sub(r"<[^>]*>", " ", body).split())
    if isinstance(body, list):
        return "; ".join(filter(None, map(said_by, body)))
    if not isinstance(body, dict):
        return ""
    words = next((words for key in _SAID if (words := said_by(body.get(key)))), "")
    place = ".".join(map(str, body["loc"])) if isinstance(body.get("loc"), list) else ""
    beyond = _said_beyond(body.get("metadata"))
    return ": ".join(filter(None, (place, words, beyond))) if words else ""


_SAID = ("error", "message", "detail", "errors", "msg", "base_resp", "status_msg")


def _said_beyond(metadata: object) -> str:
    """The words of the server behind a router, which passes them on as they came: OpenRouter's `metadata.raw`."""
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if not isinstance(raw, str):
        return ""
    try:
        return said_by(json.loads(raw)) or said_by(raw)
    except ValueError:
        return said_by(raw)


def _field(body: object, name: str) -> str:
    return str(body.get(name) or "") if isinstance(body, dict) else ""


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
        f"The server has no model {failure.model}, or no chat at {failure.asked}. It says: {failure.reason}. "
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


def refused_with(words: str, model: str, key: str) -> str:
    """The sentence for an error that came as a reply."""
    said = words.replace(key, "•••") if len(key) > 4 else words
    return f"The language model's server did not answer for {model}. It says: {said[:300].rstrip('.')}."


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
