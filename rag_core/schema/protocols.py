"""What of a protocol a class or an object lacks: for adapters that are found by name, which no type checker sees."""

from __future__ import annotations

import inspect


def missing_members(protocol: type, made: object) -> list[str]:
    """The names of the protocol that it lacks. Reads none of them, for that may load or ask something.

    Of a class it tells what is neither defined nor annotated there (`slice_size: int`).
    """
    declared: set[str] = set()
    if inspect.isclass(made):
        declared = {name for part in made.__mro__ for name in inspect.get_annotations(part)}
    absent = object()
    names = [name for part in protocol.__mro__ for name in vars(part) if not name.startswith("_")]
    return [name for name in names if name not in declared and inspect.getattr_static(made, name, absent) is absent]


def listed(names: list[str]) -> str:
    """`load and no score`, to come after "no"."""
    return " and no ".join(names)
