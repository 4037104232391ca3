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
    10GB, 2.5 kg, 2.5kg       10gb 10 gb 2.5 kg 2.5kg 2.5 kg
    1,000GB                   1000gb 1000 1 000 gb
    Café crème                café cafe crème creme
    10⁶ or 1½, m²             10 6 1 1 2 m2
    東京都                    東京 京都
    हिन्दी में खोज               हिन्दी में खोज

Marks stay with their letter (vowel signs of Hindi, of Thai); those that writers may leave out (accents of Latin and
Greek letters, dots of ё) are counted both ways, those of Arabic and Hebrew not at all, nor are soft hyphens.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from typing import Any

VERSION = 4
"""Raised whenever a text would give other tokens, so that a saved index is not searched with foreign words."""

_BEHIND_A_FIGURE = re.compile("(?<=[0-9])(?:[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+|[\u00bc-\u00be\u2150-\u215e])")
"""Raised figures and fractions, which NFKC would put into the number before them: 10\u2076 as 106, 1\u00bd as 11/2."""

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

_SILENT = "\u00ad\u034f\u0640\u200b-\u200f\u2060\ufe00-\ufe0f"
"""Soft hyphens, joiners and the like: they stand in words and are none of their letters."""

_RUN_OF = r"(?:[^\W_]{after})+(?:[-‐_.,/\\@:+'’](?:[^\W_]{after})+)*[+#]*"
_RUN = re.compile(_RUN_OF.format(after=""))
"""The text is cut into runs by this cheap pattern first; what a run holds is worked out once and remembered."""

_UNITS = (
    "b bit bits kb mb gb tb pb kib mib gib tib kbit mbit gbit kbps mbps gbps hz khz mhz ghz v kv mv ma mah w kw mw kwh"
    " mwh wh va mm cm m km nm \u03bcm um ft mi kg mg \u03bcg lb lbs oz ml dl cl ms \u03bcs us ns min mins h hr hrs"
    " px pt em dpi rpm bar psi pa kpa mpa hpa db kj kcal eur usd gbp sec secs"
).replace(" ", "|")


def _kinds(after: str) -> re.Pattern[str]:
    """The kinds of pieces in a run; `after`: what may follow a letter and belongs to it."""
    letter = rf"(?:[^\W_{_NO_SPACES}]{after})"
    return re.compile(
        rf"""(?P<bigrams>[{_NO_SPACES}](?:[{_NO_SPACES}]{f"|{after[:-1]}" if after else ""})*)
          | (?P<symbol>\b[cfj](?:\+\+|\#)(?!\w))                                 # C++, F#
          | (?P<grouped>\b\d{{1,3}}(?:,\d{{3}})+(?:{_UNITS})?\b)         # 1,000,000 and 1,000GB
          | (?P<word>{letter}+(?:[-‐_./\\@:+'’]{letter}+)*)                      # a word or a code""",
        re.IGNORECASE | re.VERBOSE,
    )


_KIND = _kinds("")
_SEGMENT = re.compile(r"[^/\\@:+]+")
_NUMBER = r"v?\d+(?:\.\d+)+(?![^\W_])"
_CODE = re.compile(r"[\d_.@\\:+]|/.*/|^[A-Z]+-[A-Z-]+$")
_MEASURE = rf"\d+(?:\.\d+)*(?:{_UNITS})(?![^\W_])"
_PART = re.compile(rf"(?<![^\W_])(?:{_MEASURE}|{_NUMBER})|[^-‐_.,/\\@:+]+", re.IGNORECASE)
_UNIT = re.compile(rf"(\d+(?:\.\d+)*)({_UNITS})")
_VERSION = re.compile(r"v?((\d+\.\d+)[\d.]*)")

Piece = tuple[str, int, int]


class _Marked:
    """The patterns for text with marks. There are 2,000 of those: compiled once a text has one."""

    def __init__(self) -> None:
        marks = "".join(chr(code) for code in range(0x10000) if unicodedata.category(chr(code)) in ("Mn", "Mc", "Me"))
        after = f"[{marks}{_SILENT}]*"
        self.mark = re.compile(f"[{marks}{_SILENT}]")
        self.run, self.kind = re.compile(_RUN_OF.format(after=after)), _kinds(after)
        self.cluster = re.compile(f".{after}", re.DOTALL)


_marked = cache(_Marked)


def tokenize(text: str) -> list[str]:
    """The text's tokens, a code before its parts; the table above is the specification."""
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", _BEHIND_A_FIGURE.sub(r" \g<0>", text).replace("\u2116", "no "))
    return [token for run in _runs(text).findall(text) for token in _tokens_of(run)]


def term_spans(text: str, terms: Collection[str]) -> list[tuple[int, int]]:
    """Where the text holds one of the tokens `terms`: (start, end) in order, not overlapping. For marking matches."""
    spans: list[tuple[int, int]] = []
    for run in _runs(text).finditer(text):
        pieces = _pieces(run.group())
        spans.extend((run.start() + start, run.start() + end) for token, start, end in pieces if token in terms)
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _runs(text: str) -> re.Pattern[str]:
    return _marked().run if _has_marks(text) else _RUN


def _has_marks(text: str) -> bool:
    return not text.isascii() and _marked().mark.search(text) is not None


@lru_cache(maxsize=200_000)
def _tokens_of(run: str) -> tuple[str, ...]:
    return tuple(token for token, _, _ in _pieces(run))


def _pieces(run: str) -> Iterator[Piece]:
    """Tokens of a run with their spans in it."""
    kind = _marked().kind if _has_marks(run) else _KIND
    for match in kind.finditer(run):
        for token, start, end in _PIECES[str(match.lastgroup)](match.group()):
            yield token, match.start() + start, match.start() + end


def _bigrams(run: str) -> Iterator[Piece]:
    """Every two letters that follow each other, each with its marks."""
    spans = [match.span() for match in _marked().cluster.finditer(run)]
    for (start, end), (_, after) in zip(spans, [*spans[1:], spans[-1]], strict=True):
        if after != end or len(spans) == 1:
            yield _fold(run[start:after]), start, after


def _symbol(run: str) -> Iterator[Piece]:
    yield _fold(run), 0, len(run)


def _grouped(run: str) -> Iterator[Piece]:
    """`1,000` as 1000, and in parts, for it may be a list (`404,500`); `1,000GB` as 1000gb, 1000 and gb too."""
    number = re.match(r"[\d,]+", run)
    end = number.end() if number else 0
    unit = _fold(run[end:])
    whole = run[:end].replace(",", "")
    if unit:
        yield f"{whole}{unit}", 0, len(run)
    yield whole, 0, end
    yield from _words(run[:end])
    if unit:
        yield unit, end, len(run)


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
    """What one part counts as: nothing for a stop word, a stem for a word, all its precisions for a version, number and
    unit for a measure, a word with accents without them too."""
    folded = _fold(part)
    if version := _VERSION.fullmatch(folded):
        yield from dict.fromkeys((folded, version[1], version[2]))
    elif measure := _UNIT.fullmatch(folded):
        yield from (folded, measure[1], measure[2])
    elif folded and (folded not in STOP_WORDS or (len(part) > 1 and part.isupper())):
        yield from dict.fromkeys(_stemmed(word) for word in (folded, _bare(folded)))


def _stemmed(word: str) -> str:
    return _stem(word) if word.isascii() and word.isalpha() else word


def _bare(word: str) -> str:
    """The word without the accents that writers may leave out; that of й and the vowels of Hindi are none."""
    if word.isascii():
        return word
    bare = _ACCENT.sub(r"\1", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", bare)


def _fold(text: str) -> str:
    """One spelling: NFKC, case-folded, plain hyphens, no possessive, no apostrophes."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("‐", "-").replace("’", "'")
    if not folded.isascii():
        folded = _UNHEARD.sub("", folded)
    return folded.removesuffix("'s").replace("'", "")


_ACCENT = re.compile(r"([a-zα-ω])[\u0300-\u036f]+|(?<=е)\u0308()")
_UNHEARD = re.compile(
    f"[{_SILENT}\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
)
"""What is left out of every word: the points of Hebrew and Arabic, which are hardly ever written, too."""

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
