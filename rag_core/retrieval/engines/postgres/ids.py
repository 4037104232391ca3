"""Which texts can be ids of a column, by its type."""

from __future__ import annotations

import re
import uuid

INTEGERS = ("int2", "int4", "int8")
OF_THEIR_TYPE = ("uuid", *INTEGERS)
"""Types of ids that are compared as what they are; others as texts."""


def fits(one: str, kind: str) -> bool:
    """Whether a text can be an id of that type."""
    if "\0" in one or one != one.encode("utf-8", "ignore").decode():
        return False
    if kind in INTEGERS:
        return bool(re.fullmatch(r"-?\d{1,18}", one))
    if kind == "uuid":
        try:
            return bool(uuid.UUID(one))
        except ValueError:
            return False
    return True
