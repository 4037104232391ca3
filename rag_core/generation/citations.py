"""`[n]` in a model's answer, checked against the passages that it was given. What those say is for `support`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag_core.generation.prompt import DONT_KNOW
from rag_core.schema.answers import Citation
from rag_core.schema.documents import Passage
from rag_core.schema.steps import StepWarning

_CITED = re.compile(r"\[\s*(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\s*\]")


def cited_numbers(text: str) -> list[int]:
    """Numbers in order of first appearance: cited_numbers("A [2]. B [1, 2].") -> [2, 1]."""
    found = (int(number) for group in _CITED.findall(text) for number in re.findall(r"\d+", group))
    return list(dict.fromkeys(found))


def uncited(text: str) -> str:
    """The text without its citations: uncited("A [2]. B [1, 2].") -> "A. B."."""
    return re.sub(rf"\s*{_CITED.pattern}", "", text)


def read_citations(text: str, passages: Sequence[Passage]) -> tuple[tuple[Citation, ...], tuple[StepWarning, ...]]:
    """Citations of passages that were given, and a warning for numbers that name none, or for no citation at all."""
    numbers = cited_numbers(text)
    good = tuple(Citation(number=n, passage_id=passages[n - 1].id) for n in numbers if 1 <= n <= len(passages))
    wrong = [n for n in numbers if not 1 <= n <= len(passages)]
    warnings = []
    if wrong:
        named = ", ".join(f"[{n}]" for n in wrong)
        message = f"The answer cites {named}, but it was given passages 1 to {len(passages)} only."
        warnings.append(StepWarning(code="citation-out-of-range", message=message))
    if not good:
        message = "The answer cites none of its passages, so it may not be based on them."
        warnings.append(StepWarning(code="no-citation", message=message))
    return good, tuple(warnings)


def is_unknown(text: str) -> bool:
    """True where the answer is "I don't know", however its apostrophe, quotes or full stop are written."""
    return text.replace("’", "'").strip(" \t\r\n.!\"'*“”").lower() == DONT_KNOW.lower()
