"""Texts that are whole numbers, as an id that a database keeps as one."""

from __future__ import annotations

import re

PLAIN = re.compile(r"0|-?[1-9]\d{0,18}", re.ASCII)


def whole_number(text: str, bits: int = 64) -> int | None:
    """The number that the text is, written plainly and of at most so many bits with its sign; None for another text.

    >>> whole_number("-7"), whole_number("007"), whole_number("9223372036854775807"), whole_number("32768", bits=16)
    (-7, None, 9223372036854775807, None)
    """
    if not PLAIN.fullmatch(text):
        return None
    number = int(text)
    return number if -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) else None
