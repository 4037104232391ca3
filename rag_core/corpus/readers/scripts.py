"""Raised, lowered and struck letters, and parts of formulas, in plain text: 10 with a raised 6 is `10^6`, not `106`."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_LOWERED = str.maketrans("0123456789+-=()aeoxhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜ")
_ORDINALS = frozenset({"st", "nd", "rd", "th", "er", "ère", "ème", "os", "as", "tm", "sm"})
_ACCENTS = {"^": "\u0302", "ˆ": "\u0302", "~": "\u0303", "→": "\u20d7", "˙": "\u0307"}
_ACCENTS |= dict.fromkeys("¯‾_ˉ", "\u0304")
_SIGNS = frozenset("*†‡§®™°ªº")


def raised(text: str) -> str:
    """A superscript: `^6`, `^(n+1)`; the letters of an ordinal (1st) and note signs as they are.

    >>> raised("6"), raised("n + 1 "), raised("st"), raised("*")
    ('^6', '^(n + 1) ', 'st', '*')
    """
    words = text.strip()
    if not words or words.casefold() in _ORDINALS or set(words) <= _SIGNS:
        return text
    plain = words.isalnum() or (words[1:].isalnum() and words[0] in "+-−")
    return _marked(text, f"^{words}" if plain else f"^({words})")


def lowered(text: str) -> str:
    """A subscript: with the signs that Unicode has for it, so that a search for CO2 finds it; else `_max`.

    >>> lowered("2"), lowered("max"), lowered("B")
    ('₂', 'ₘₐₓ', '_B')
    """
    words = text.strip()
    small = words.translate(_LOWERED)
    if not words or not any(before == after for before, after in zip(words, small, strict=True)):
        return _marked(text, small) if words else text
    return _marked(text, f"_{words}" if words.isalnum() else f"_({words})")


def struck(text: str) -> str:
    """What is struck through, as Markdown writes it: an old price is not taken for the new one.

    >>> struck("$50 ")
    '~~$50~~ '
    """
    words = text.strip()
    return _marked(text, f"~~{words}~~") if words else text


def root(text: str, degree: str = "") -> str:
    """A root, with its degree before the sign.

    >>> root("x + 1"), root("y", "3")
    ('√(x + 1)', '^3√(y)')
    """
    return f"{raised(degree)}√({text})"


def accented(text: str, accent: str) -> str:
    """A letter with its accent; of several letters the accent is on the last. Braces over letters are left out.

    >>> accented("y", "^"), accented("z", "\u0304"), accented("ab", "⏞")
    ('ŷ', 'z̄', 'ab')
    """
    mark = _ACCENTS.get(accent, accent)
    return unicodedata.normalize("NFC", f"{text}{mark}") if mark and unicodedata.combining(mark[0]) else text


def matrix(rows: Sequence[Sequence[str]]) -> str:
    """Rows of a matrix or of cases.

    >>> matrix([["1", "2"], ["3", "4"]])
    '1, 2; 3, 4'
    """
    return "; ".join(", ".join(cells) for cells in rows)


def _marked(text: str, words: str) -> str:
    """The marked words with the blanks around them, which part them from their neighbours."""
    return f"{text[: len(text) - len(text.lstrip())]}{words}{text[len(text.rstrip()) :]}"
