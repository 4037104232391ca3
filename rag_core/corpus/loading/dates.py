"""Dates as people write them. One that could be two days is none, and says so."""

from __future__ import annotations

import re
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from rag_core.schema.base import Scalar
from rag_core.schema.days import day_of

DATE_FIELDS = (
    *("updated_at", "updated", "last_updated", "lastmod", "last_modified", "modified", "modified_at", "date_modified"),
    *("article_modified_time", "dcterms_modified", "date", "dc_date", "published", "published_at", "date_published"),
    *("pubdate", "publish_date", "article_published_time"),
)
"""Names of metadata that say when a document is from, the best first, as `field_name` writes them."""

_WRITTEN = ("%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y", "%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y")
_NUMBERS = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")
_TIME = re.compile(r"(?:\s*,\s*|\s+|T)(?:at\s+)?\d{1,2}:\d{2}.*$")
_MAILED = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? [+-]\d{4}")
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.]?\s+", re.IGNORECASE)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b(?:\s+of\b)?", re.IGNORECASE)


def parse_date(value: Scalar | None) -> date | None:
    """The day that is written there, or None. Of a time with an offset, the day in UTC.

    >>> str(parse_date("2026-01-01T00:30+02:00")), str(parse_date("Thu, 1 Jan 2026 00:30:00 +0200"))
    ('2025-12-31', '2025-12-31')
    >>> parse_date("Tue, 3rd Feb. 2026, 10:00"), parse_date("13/02/2026"), parse_date("03/04/2026")
    (datetime.date(2026, 2, 3), datetime.date(2026, 2, 13), None)
    """
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        return day_of(_moment(text))
    except (ValueError, OverflowError):
        text = _TIME.sub("", text)
    numbers = _NUMBERS.fullmatch(text)
    if numbers:
        return _of_numbers(*map(int, numbers.groups()))
    words = _ORDINAL.sub("", _WEEKDAY.sub("", text))
    if re.search(r"[a-z]", words, re.IGNORECASE):
        words = re.sub(r"\bSept\b", "Sep", " ".join(re.sub(r"[.,-]", " ", words).split()), flags=re.IGNORECASE)
    for form in _WRITTEN:
        try:
            return datetime.strptime(words, form).date()
        except ValueError:
            continue
    return None


def _moment(text: str) -> datetime:
    """A time in ISO's form, or in that of mails and feeds with an offset."""
    return parsedate_to_datetime(text) if _MAILED.fullmatch(text) else datetime.fromisoformat(text)


def is_ambiguous(value: Scalar | None) -> bool:
    """True for a date that is one day in Europe and another in America.

    >>> is_ambiguous("03/04/2026"), is_ambiguous("13/04/2026"), is_ambiguous("spring")
    (True, False, False)
    """
    numbers = _NUMBERS.fullmatch(_TIME.sub("", value.strip())) if isinstance(value, str) else None
    return bool(numbers) and parse_date(value) is None and 1 <= max(map(int, numbers.groups()[:2])) <= 12  # type: ignore[union-attr]


def field_name(name: str) -> str:
    """A name of metadata as it is compared.

    >>> field_name("Last-Modified"), field_name("article:modified_time")
    ('last_modified', 'article_modified_time')
    """
    return re.sub(r"[^a-z]+", "_", name.lower()).strip("_")


def _of_numbers(first: int, second: int, year: int) -> date | None:
    """The day, where the numbers can only be one."""
    days = set()
    for day, month in ((first, second), (second, first)):
        try:
            days.add(date(year, month, day))
        except ValueError:
            continue
    return days.pop() if len(days) == 1 else None
