"""What the scores of a step mean, as far as the caller said it in a way that fits."""

from __future__ import annotations

from rag_core.runs.values import DIRECTIONS, Space


def space_of(space: str, wrong: list[str]) -> Space:
    """The space of that name; unknown for another, with a sentence about it in `wrong`."""
    try:
        return Space(space)
    except ValueError:
        wrong.append(f"{space!r} is no score space; the scores count as unknown.")
        return Space.UNKNOWN


def direction_of(given: object, space: Space, wrong: list[str]) -> str | None:
    """The direction, where the space leaves it open or says the same."""
    if given is None or given in ((DIRECTIONS[space],) if DIRECTIONS[space] else ("higher", "lower")):
        return None if given is None else str(given)
    wrong.append(f"The direction {given!r} does not fit scores of the space {space.value}; it is left out.")
    return None
