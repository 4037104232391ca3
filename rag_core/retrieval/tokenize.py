"""The words that lexical search counts. Knows nothing of documents, weights or scores.

Words are NFKC, case-folded and English-stemmed (Snowball), without stop words. A code is kept whole and in parts,
so that it is found by either. Scripts that put no spaces between words are cut into character bigrams.

    Refunds are issued daily  refund issu daili
    KB-ERR-2847-fatal         kb-err-2847-fatal kb err 2847 fatal
    v2.13.0                   v2.13.0 2.13.0 2.13
    ERR_TLS_CERT              err_tls_cert err tls cert
    NW-PRO-250-EU             nw-pro-250-eu nw pro 250 eu
    ops@north-wind.io         ops@north-wind.io op north-wind.io north wind io
    /etc/nginx/nginx.conf     etc/nginx/nginx.conf etc nginx nginx.conf nginx conf
    release-2.13.0-rc1        release-2.13.0-rc1 releas 2.13.0 2.13 rc1
    3.5 GB of 1,000 GB        3.5 gb 1000 1 000 gb
    well-known IT, it's O'Hara's  well known it ohara
    C++ or C#                 c++ c#
    東京都                    東京 京都
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from typing import Any

VERSION = 1
"""Raised whenever a text would give other tokens, so that a saved index is not searched with foreign words."""

LONGEST = 100
"""Runs longer than this (encoded data) are counted in parts only, and parts are cut to it."""

STOP_WORDS = frozenset(
    """a an and are as at be but by for from had has have if in into is it its of on or such that the their then
    there these they this to was were will with
    can could did do does how i me my should we what when where which who whom why would you your""".split()  # noqa: SIM905
)
"""English function words and the words of questions, no negation. In capitals (IT, WHO) they count as names."""

_NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, kana, Han, Hangul."""

_RUN = re.compile(r"[^\W_]+(?:[-‐_.,/\\@:+'’][^\W_]+)*[+#]*")
"""The text is cut into runs by this cheap pattern first; what a run holds is worked out once and remembered."""

_KIND = re.compile(
    rf"""(?P<bigrams>[{_NO_SPACES}]+)
      | (?P<symbol>\b[cfj](?:\+\+|\#)(?!\w))                                 # C++, F#
      | (?P<grouped>\b\d{{1,3}}(?:,\d{{3}})+\b)                              # 1,000,000
      | (?P<word>[^\W_{_NO_SPACES}]+(?:[-‐_./\\@:+'’][^\W_{_NO_SPACES}]+)*)  # a word or a code""",
    re.IGNORECASE | re.VERBOSE,
)
_SEGMENT = re.compile(r"[^/\\@:+]+")
_NUMBER = r"v?\d+(?:\.\d+)+(?![^\W_])"
_CODE = re.compile(r"[\d_.@\\:+]|/.*/|^[A-Z]+-[A-Z-]+$")
_PART = re.compile(rf"(?<![^\W_]){_NUMBER}|[^-‐_.,/\\@:+]+", re.IGNORECASE)
_VERSION = re.compile(r"v?((\d+\.\d+)[\d.]*)")

Piece = tuple[str, int, int]


def tokenize(text: str) -> list[str]:
    """The text's tokens, a code before its parts; the table above is the specification."""
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    tokens: list[str] = []
    for run in _RUN.findall(text):
        tokens.extend(_tokens_of(run))
    return tokens


def term_spans(text: str, terms: Collection[str]) -> list[tuple[int, int]]:
    """Where the text holds one of the tokens `terms`: (start, end) in order, not overlapping. For marking matches."""
    spans: list[tuple[int, int]] = []
    for run in _RUN.finditer(text):
        pieces = _pieces(run.group())
        spans.extend((run.start() + start, run.start() + end) for token, start, end in pieces if token in terms)
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


@lru_cache(maxsize=200_000)
def _tokens_of(run: str) -> tuple[str, ...]:
    return tuple(token for token, _, _ in _pieces(run))


def _pieces(run: str) -> Iterator[Piece]:
    """Tokens of a run with their spans in it."""
    for match in _KIND.finditer(run):
        for token, start, end in _PIECES[str(match.lastgroup)](match.group()):
            yield token, match.start() + start, match.start() + end


def _bigrams(run: str) -> Iterator[Piece]:
    for start in range(max(1, len(run) - 1)):
        yield _fold(run[start : start + 2]), start, min(start + 2, len(run))


def _symbol(run: str) -> Iterator[Piece]:
    yield _fold(run), 0, len(run)


def _grouped(run: str) -> Iterator[Piece]:
    """`1,000` as 1000, and in parts, for it may be a list (`404,500`)."""
    yield run.replace(",", ""), 0, len(run)
    yield from _words(run)


def _code(run: str) -> Iterator[Piece]:
    """A code as a whole, its segments (`host/file.txt` -> host, file.txt) and its words, none twice, whole first.

    `well-known` and `and/or` are two words each and no codes: counting them as a third one costs nDCG.
    """
    pieces = list(_words(run))
    if _CODE.search(run):
        spans = {(0, len(run)), *(match.span() for match in _SEGMENT.finditer(run))}
        spans -= {match.span() for match in _PART.finditer(run)}
        pieces += [(_fold(run[start:end]), start, end) for start, end in spans if end - start <= LONGEST]
        pieces.sort(key=lambda piece: (piece[1], -piece[2]))
    yield from pieces


def _words(run: str) -> Iterator[Piece]:
    for match in _PART.finditer(run):
        yield from ((token, *match.span()) for token in _forms(match.group()[:LONGEST]))


def _forms(part: str) -> Iterator[str]:
    """What one part counts as: nothing for a stop word, a stem for a word, all its precisions for a version."""
    folded = _fold(part)
    if version := _VERSION.fullmatch(folded):
        yield from dict.fromkeys((folded, version[1], version[2]))
    elif folded not in STOP_WORDS or (len(part) > 1 and part.isupper()):
        yield _stem(folded) if folded.isascii() and folded.isalpha() else folded


def _fold(text: str) -> str:
    """One spelling: NFKC, case-folded, plain hyphens, no possessive, no apostrophes."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("‐", "-").replace("’", "'")
    return folded.removesuffix("'s").replace("'", "")


_PIECES = {"bigrams": _bigrams, "symbol": _symbol, "grouped": _grouped, "word": _code}

_stemming = threading.Lock()


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    with _stemming:  # a Snowball stemmer holds the word that it works on
        return str(_stemmer().stemWord(word))


@cache
def _stemmer() -> Any:
    import Stemmer  # type: ignore[import-not-found]

    return Stemmer.Stemmer("english", 0)  # no cache of its own: ours stands outside the lock
