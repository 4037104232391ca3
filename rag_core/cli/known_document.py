"""A document that was named wrongly is refused with the right name, before anything is said of where it was lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from rag_core.diagnosis import Location, nearest_documents
from rag_core.errors import BadInput
from rag_core.schema.documents import MADE_UP, Document, Passage
from rag_core.schema.trace import Trace

ALIKE = 0.7
"""From which similarity of their trigrams two names are one, written differently."""

SHOWN = 3
"""Names that are suggested at most."""


def checked(location: Location, trace: Trace, searched: str = "") -> Location:
    """The location. Raises BadInput where the document is not in the collection `searched`; in a recorded run, where
    one is that is called nearly so. Any other document may be missing in the run: that is what is looked for."""
    if location.in_corpus:
        return location
    name = location.expected.document
    if searched:
        near = [one.document_id for one in location.nearest[:SHOWN]]
        raise BadInput(_refusal(f"{searched} has no document “{name}”.", near))
    if near := alike(name, trace.passages.values()):
        raise BadInput(_refusal(f"The run has no document “{name}”.", near))
    return location


def alike(name: str, passages: Iterable[Passage]) -> list[str]:
    """What else the name may mean among the passages, each by the name that finds it.

    Numbers must be equal: `doc-8` is no slip of the pen for `doc-7`.
    """
    found: dict[str, float] = {}
    for passage in passages:
        shown = passage.source if passage.document_id.startswith(MADE_UP) else passage.document_id
        likest = max(_likeness(name, one) for one in (passage.document_id, passage.source, passage.title))
        if likest >= ALIKE:
            found[shown or passage.name] = likest
    return sorted(found, key=lambda one: (-found[one], one))[:SHOWN]


def _likeness(name: str, other: str) -> float:
    """Dice's coefficient of two names, or of their last parts without the endings; 0 where their numbers differ."""
    if not other or re.findall(r"\d+", name) != re.findall(r"\d+", other):
        return 0.0
    pairs = ((name, other), (PurePosixPath(name).stem, PurePosixPath(other).stem))
    near = [one for asked, there in pairs for one in nearest_documents([Document(id=there or other, text="")], asked)]
    return max((one.similarity for one in near), default=0.0)


def _refusal(said: str, near: list[str]) -> str:
    return f"{said} Did you mean {' or '.join(near)}?" if near else f"{said} No title or id resembles it."
