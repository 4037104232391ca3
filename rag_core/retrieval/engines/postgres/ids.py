"""Which texts can be ids of a column, by its type."""

from __future__ import annotations

import uuid

from rag_core.schema.whole_numbers import whole_number

INTEGERS = {"int2": 16, "int4": 32, "int8": 64}
"""Bits of the numbers by type."""
OF_THEIR_TYPE = ("uuid", *INTEGERS)
"""Types of ids that are compared as what they are; others as texts."""


def fits(one: str, kind: str) -> bool:
    """Whether a text can be an id of that type."""
    if "\0" in one or one != one.encode("utf-8", "ignore").decode():
        return False
    if kind in INTEGERS:
        return whole_number(one, INTEGERS[kind]) is not None
    if kind == "uuid":
        try:
            return bool(uuid.UUID(one))
        except ValueError:
            return False
    return True
