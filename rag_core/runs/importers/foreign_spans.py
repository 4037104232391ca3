"""Spans that other programs wrote with ids, times and attributes of their own forms, as `Span` has them."""

from __future__ import annotations

import hashlib
import math
import re
from datetime import UTC, datetime

HEX = re.compile("[0-9a-f]+")


def hex_id(given: object, digits: int) -> str:
    """The id where it is hexadecimal of that length, else one made from it. Raises ValueError for none.

    >>> hex_id("00000000000000AB", 16), len(hex_id("cl-4f0e", 16))
    ('00000000000000ab', 16)
    """
    text = str(given if given is not None else "").lower()
    if not text or text == "nan":
        raise ValueError("an id is missing")
    if isinstance(given, (list, dict, bool)):
        raise ValueError(f"an id is {text[:40]}, not a text")
    if len(text) == digits and HEX.fullmatch(text):
        return text
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:digits]


def nanoseconds(given: object) -> int:
    """A time as nanoseconds since 1970: an ISO text, or a number of seconds to nanoseconds by its size. 0 for none.

    >>> nanoseconds("2026-11-28T09:30:00Z") == nanoseconds(1795858200000) == nanoseconds(1795858200)
    True
    """
    if given is None or given == "" or (isinstance(given, float) and math.isnan(given)):
        return 0
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        size = max(0, min(3, (len(str(int(abs(given)))) - 10) // 3))
        return int(given) * 10 ** (9 - 3 * size) if isinstance(given, int) else int(given * 10 ** (9 - 3 * size))
    moment = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    if moment != moment:  # pandas' NaT
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1e6) * 1000
