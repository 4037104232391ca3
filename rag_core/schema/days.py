"""The day that a written date or time means: days are compared in UTC, as instants, in every text and field."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

OFFSET = re.compile(
    r".{10}[Tt ]([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)? ?([+-])(0\d|1[0-5])(?::?([0-5]\d))?", re.ASCII
)
"""A time with an offset to UTC: hour and minute, its sign, hours and minutes."""


def day_of(moment: datetime) -> date:
    """The day in UTC of a moment; one without an offset is in UTC."""
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date()


def utc_day(written: str) -> date | None:
    """The day in UTC of a text that begins with a day; None for one that does not.

    A time without an offset is in UTC. What follows the day and is no time is not looked at.

    >>> str(utc_day("2026-03-14T23:30:00-05:00")), str(utc_day("2026-03-14 23:30")), utc_day("spring")
    ('2026-03-15', '2026-03-14', None)
    """
    try:
        day = date.fromisoformat(written[:10])
    except ValueError:
        return None
    found = OFFSET.fullmatch(written)
    if len(written) < 10 or not found or day in (date.min, date.max):
        return day
    hour, minute, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    there = datetime.combine(day, time(int(hour), int(minute)))
    return (there + offset if sign == "-" else there - offset).date()
