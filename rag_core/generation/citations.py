"""Citations in a model's answer, checked against the passages that it was given. What those say is for `grounding`.

    "[1]", "[1, 2]", "[1-3]", "[^1]", "[[1]]", "【1†source】", "[passage 1]", "(source 2)", "[1: Handbook]"

A number in brackets is no citation in code, nor where a passage has the same words before it: then it is the document's
own mark, quoted with its text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag_core.generation.prompt import DONT_KNOW
from rag_core.schema.answers import Answer, Citation
from rag_core.schema.documents import Passage
from rag_core.schema.steps import StepWarning

_LONGEST_RANGE = 20
_WORDS = (
    *("passage", "source", "document", "doc", "chunk", "reference", "ref", "citation", "cite"),
    *("quelle", "dokument", "fuente", "documento", "fonte", "источник", "документ", "来源", "文档", "段落", "出典"),
)
"""What models call a passage, in some languages: an answer is in that of its question."""
_MORE_WORDS = ("context", "snippet", "excerpt", "id")
"""Such words that are none in round brackets."""
_FENCE = r"passage-[0-9a-f]{16}"
"""The fence around a passage in the prompt."""
_NAMED = rf"(?:(?:{_FENCE}|(?:{'|'.join(_WORDS)})s?)\.?[ \t:#_-]*|\#\s*)"
_LABEL = rf"(?:{_NAMED}|(?:{'|'.join(_MORE_WORDS)})[ \t:#_-]*)"
_NUMBER = r"\d{1,4}"
_BETWEEN = r"\s*(?:,\s*and|[,;&、，]|and|und|et|y|e|[-–—~]|to|bis)\s*"
_LIST = rf"(?:{_LABEL})?{_NUMBER}(?:{_BETWEEN}(?:{_LABEL})?{_NUMBER})*"  # 1, 2 and 4-6; passage 1
_LEAD = r"(?:(?:see(?:\s+also)?|cf\.?|from|per|as\s+in|according\s+to|siehe|vgl\.)\s+)?"
_DETAIL = r"(?:[:,]\s+[^\W\d_][^\[\]【】［］()\n]{0,80})?"  # what of the passage: "1, page 3", "1: Handbook"
MARK = re.compile(
    rf"\^?\\?\[{{1,2}}\s*\^?{_LEAD}{_LIST}{_DETAIL}\s*\^?\\?\]{{1,2}}"
    rf"|[【［〔〖⟦]\s*{_LIST}{_DETAIL}\s*(?:†[^】］\n]{{0,80}})?[】］〕〗⟧]"
    rf"|\(\s*{_LEAD}{_NAMED}{_NUMBER}(?:{_BETWEEN}(?:{_NAMED})?{_NUMBER})*{_DETAIL}\s*\)",
    re.IGNORECASE,
)
"""What may be a citation, as it is written."""
_LISTED = re.compile(rf"[\s^\\(\[【［〔〖⟦]*{_LEAD}({_LIST})", re.IGNORECASE)
_NUMBERS = re.compile(rf"(?<!\d)({_NUMBER})(?:\s*(?:[-–—~]|to|bis)\s*(?:{_LABEL})?({_NUMBER}))?", re.IGNORECASE)
_CODE = re.compile(r"^(?:```|~~~).*?(?:^(?:```|~~~)|\Z)|(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL | re.MULTILINE)
_CLAUSE_ENDS = re.compile(r"""\s*(?:\Z|[\n.,;:!?)"”’]|\^?\[|[【［])""")
_WORD_BEFORE = re.compile(r"\S{1,40}\s?\Z")


@dataclass(frozen=True)
class Mark:
    """One citation, `text[start:end]`, and the passages that it names, by number."""

    start: int
    end: int
    numbers: tuple[int, ...]


def marks(text: str, passages: Sequence[Passage] = ()) -> list[Mark]:
    """The citations of a text in their order; `passages`: those that it was made from.

    >>> [(one.start, one.numbers) for one in marks("A [2]. B [1-3]; `c[4]`.")]
    [(2, (2,)), (9, (1, 2, 3))]
    """
    code = [found.span() for found in _CODE.finditer(text)]
    theirs = [" ".join(one.text.split()) for one in passages]
    found = [one for one in MARK.finditer(text) if not any(start <= one.start() < end for start, end in code)]
    found = [one for one in found if not _is_quoted(text, one, theirs)]
    apart = any(not _is_glued(text, one) for one in found)
    return [
        Mark(*one.span(), numbers_in(one.group()))
        for one in found
        if not (apart and _is_glued(text, one) and not _CLAUSE_ENDS.match(text, one.end()))
    ]


def _is_glued(text: str, mark: re.Match[str]) -> bool:
    """Whether it stands straight behind a word of Latin letters or a digit, as in `items[1]`."""
    before = text[mark.start() - 1 : mark.start()]
    return before == "_" or (before.isascii() and before.isalnum())


def _is_quoted(text: str, mark: re.Match[str], theirs: Sequence[str]) -> bool:
    """Whether a passage has this mark too, behind the same word."""
    word = _WORD_BEFORE.search(text, 0, mark.start())
    quoted = " ".join(f"{word.group() if word else ''}{mark.group()}".split())
    return bool(word) and any(quoted in one for one in theirs)


def numbers_in(mark: str) -> tuple[int, ...]:
    """The numbers that a citation names: numbers_in("[1, 4-6]") -> (1, 4, 5, 6)."""
    found: list[int] = []
    listed = _LISTED.match(mark)
    for first, last in _NUMBERS.findall(re.sub(_FENCE, "", listed[1]) if listed else ""):
        low, high = int(first), int(last or first)
        found += range(low, high + 1) if low <= high < low + _LONGEST_RANGE else (low, high)
    return tuple(dict.fromkeys(found))


def cited_numbers(text: str, passages: Sequence[Passage] = ()) -> list[int]:
    """Numbers in order of first appearance: cited_numbers("A [2]. B [1, 2].") -> [2, 1]."""
    return list(dict.fromkeys(number for mark in marks(text, passages) for number in mark.numbers))


def without(text: str, found: Sequence[Mark]) -> str:
    """The text without these marks and the white space before them: "A [2]. B [1, 2]." -> "A. B."."""
    pieces, at = [], 0
    for mark in found:
        pieces.append(text[at : mark.start].rstrip())
        at = mark.end
    return "".join([*pieces, text[at:]])


def marks_of(answer: Answer) -> list[Mark]:
    """The citations that an answer draws: those that were found when it was made."""
    spans = sorted({span for one in answer.citations for span in one.spans})
    return [
        Mark(start, end, tuple(one.number for one in answer.citations if (start, end) in one.spans))
        for start, end in spans
    ]


def read_citations(text: str, passages: Sequence[Passage]) -> tuple[tuple[Citation, ...], tuple[StepWarning, ...]]:
    """Citations of passages that were given, and a warning for numbers that name none, or for no citation at all."""
    found = marks(text, passages)
    numbers = list(dict.fromkeys(number for mark in found for number in mark.numbers))
    good = tuple(
        Citation(
            number=n,
            passage_id=passages[n - 1].id,
            spans=tuple((mark.start, mark.end) for mark in found if n in mark.numbers),
        )
        for n in numbers
        if 1 <= n <= len(passages)
    )
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
