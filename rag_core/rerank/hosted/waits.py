"""How long a service asks to be left alone: by the header `Retry-After`, or in the body of its error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from rag_core.rerank.hosted.shapes import dig

SECONDS = re.compile(r"(\d{1,6}(?:\.\d+)?)s")


def asked_wait(headers: Mapping[str, str], answer: Any) -> float | None:
    """The wait that the answer asks for, by its header or, as Google says it, by a detail of the error: `"34s"`."""
    wait = retry_after(headers)
    if wait is not None:
        return wait
    details = dig(answer, "error.details")
    said = (dig(one, "retryDelay") for one in details) if isinstance(details, list) else ()
    found = next((SECONDS.fullmatch(one) for one in said if isinstance(one, str)), None)
    return float(found[1]) if found else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or a date); None without a valid one.

    A date is compared with the answer's own `Date`, so a wrong clock on this machine does no harm.

    >>> retry_after({"retry-after": "2"})
    2.0
    >>> retry_after({"retry-after": "Fri, 02 Jan 2026 10:00:07 GMT", "date": "Fri, 02 Jan 2026 10:00:00 GMT"})
    7.0
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    until = _date(asked)
    if until is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
