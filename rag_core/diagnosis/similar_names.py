"""Which document of a recorded run a name may mean that is written a little differently."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from rag_core.diagnosis.expected import nearest_documents
from rag_core.schema.documents import MADE_UP, Document, Passage

ALIKE = 0.7
"""From which similarity of their trigrams two names are one, written differently."""

SHOWN = 3
"""Names that are suggested at most."""


def similar_names(name: str, passages: Iterable[Passage]) -> list[str]:
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
