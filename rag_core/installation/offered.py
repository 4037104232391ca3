"""A JSON file in which the environment offers things to everyone, by name: an object with an entry each.

The file holds no secrets: an entry names the environment variable that does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from rag_core.errors import BadInput

Made = TypeVar("Made")
LONGEST_NAME = 80


def read_offered(
    file: Path | None, noun: str, nouns: str, made: Callable[[str, Any], Made]
) -> tuple[dict[str, Made], dict[str, str]]:
    """What `made` makes of each name and its entry, and what is wrong with each other entry; none without a file.

    made: raises BadInput for an entry that cannot be used. Raises BadInput where the file itself cannot be used.
    """
    if file is None:
        return {}, {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise BadInput(f"The file of {nouns} cannot be read: {exc.strerror} ({file}).") from exc
    except ValueError as exc:
        raise BadInput(f"The file of {nouns} is no JSON ({file}): {exc}.") from exc
    if not isinstance(found, dict):
        raise BadInput(f"The file of {nouns} ({file}) must hold an object: a name and the {noun} for each.")
    offered: dict[str, Made] = {}
    problems: dict[str, str] = {}
    for name, fields in found.items():
        try:
            offered[name] = made(name, fields)
        except BadInput as exc:
            problems[name] = str(exc)
    return offered, problems


def one_offered(name: str, offered: tuple[Mapping[str, Made], Mapping[str, str]], noun: str, variable: str) -> Made:
    """The entry of that name among what `read_offered` gives. Raises BadInput, with the names that there are.

    variable: of the environment, which names the file.
    """
    known, problems = offered
    if name in problems:
        raise BadInput(problems[name])
    if name not in known:
        told = f"There are: {', '.join(known)}." if known else f"{variable} names no file with one."
        raise BadInput(f"There is no {noun} “{name}”. {told}")
    return known[name]


def is_entry(name: str, fields: Any) -> bool:
    """Whether an entry is an object, with a name that is neither empty nor too long."""
    return isinstance(fields, dict) and 0 < len(name) <= LONGEST_NAME


def secret_in(variable: str, holds: str, environ: Mapping[str, str]) -> SecretStr | None:
    """The secret in that variable; None where no variable is named. Raises BadInput where it is not set; `holds`: what
    should be in it."""
    if not variable:
        return None
    secret = environ.get(variable, "").strip()
    if not secret:
        raise BadInput(f"The environment variable {variable} is not set. It holds {holds}.")
    return SecretStr(secret)
