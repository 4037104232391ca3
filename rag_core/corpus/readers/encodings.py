"""Which encoding bytes of text are in, where nothing says it. What a byte order mark or a page says is `text`'s.

UTF-8 is tried first, since other text is hardly ever valid UTF-8. Beyond it chardet ranks the encodings that files are
really kept in, by the letter pairs of each language; a few signs of broken words decide between close ones. Measured in
`benchmarks/encodings.py`.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

NAMES: dict[str, str] = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32",
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "cp1257": "Windows-1257",
    "cp1258": "Windows-1258",
    "cp874": "Windows-874",
    "iso8859-1": "ISO 8859-1",
    "iso8859-2": "ISO 8859-2",
    "iso8859-5": "ISO 8859-5",
    "iso8859-7": "ISO 8859-7",
    "iso8859-9": "ISO 8859-9",
    "iso8859-15": "ISO 8859-15",
    "koi8-r": "KOI8-R",
    "koi8-u": "KOI8-U",
    "cp866": "DOS 866",
    "cp850": "DOS 850",
    "cp852": "DOS 852",
    "cp437": "DOS 437",
    "mac-roman": "Mac Roman",
    "mac-cyrillic": "Mac Cyrillic",
    "gb18030": "GB 18030",
    "big5hkscs": "Big5",
    "cp932": "Shift JIS",
    "euc_jis_2004": "EUC-JP",
    "iso2022_jp_2": "ISO 2022-JP",
    "cp949": "EUC-KR",
}
"""Encodings that are recognised, by Python's name: what a person calls them."""

_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_AS_WINDOWS = {"iso8859-1": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874"}
"""Read as browsers do: the Windows encoding holds all of it and more."""

_SAMPLE = 50_000
_SPACES = "\t\n\r\x0b\x0c\x1a\x1b\x85"
_CLOSE, _CLOSE_SIGNS = 0.03, 0.08
_DOUBTED = 0.9
_NULS_OF_WIDE = 4
"""Of so many bytes one is NUL in UTF-16 text, at the least where most letters are ASCII; half of them are."""
_STRAY = 20
"""UTF-8 with stray bytes: at least so many good letters for each bad one."""

_SIGNS = "\xa1-\xa6\xa8\xa9\xac\xae-\xb1\xb4\xb6\xb8\xbc-\xbf\u02c6-\u02dd\u2020-\u2022\u2030\u20ac\u2500-\u259f"
_CAPITALS = "\xc0-\xde\u0152\u0160\u0178\u017d"
_ODD = re.compile(
    rf"""(?<=[^\W\d_]) [{_SIGNS}]+ (?=[^\W\d_])                       # signs in the middle of a word
      | [\xa1-\xa8\xab\xb0\xb4\xb6\xb8\xbc-\xbe\u02c6-\u02dd]{{2,}} \w  # several signs before one
      | [\u02c6-\u02dd\u2500-\u259f] (?=[^\W\d_])                    # accents, lines of a box
      | [\xa2-\xa9\xac\xaf-\xb1] (?=[\xc0-\u024f])                    # £ód
      | [a-z\xdf-\xff] [{_CAPITALS}]                                 # trÈs
      | \b [A-Z] [{_CAPITALS}] (?=[a-z])                             # RŸckgabe
      | [a-zA-Z] [\u0370-\u06ff\u200c-\u200f]                        # two scripts in one word
      | [\u0370-\u06ff\u200c-\u200f] [a-zA-Z]
    """,
    re.VERBOSE,
)
"""Marks of a wrong encoding: what words do not look like."""


@dataclass(frozen=True)
class Guess:
    """Text, how it was read (Python's name of the encoding), and how else it may be read, if that is nearly as likely.

    `broken` counts bytes that are shown as `\\ufffd`.
    """

    text: str
    encoding: str
    rival: str = ""
    broken: int = 0


@dataclass(frozen=True)
class _Candidate:
    """One reading of a sample, and how likely it is."""

    encoding: str
    text: str
    confidence: float


def guess(data: bytes) -> Guess | None:
    """The likeliest text of these bytes; None for bytes that are no text."""
    if b"\x00" in data and not has_stray_nuls(data):
        return _wide(data)
    escapes = data.isascii() and (b"\x1b$" in data or b"\x1b(" in data)  # ISO 2022-JP is ASCII with escapes
    found = None if escapes else _utf8(data)
    if found:
        return found if is_text(found.text, sure=not found.broken) else None
    return _likeliest(data) or _wide(data)


def has_stray_nuls(data: bytes, known: str = "") -> bool:
    """Whether NUL bytes stand between its letters, rather than being halves of them as in UTF-16. `known`: the encoding
    that the file says it is in."""
    nuls = data.count(0)
    if not nuls or known.startswith(("utf-16", "utf-32")) or nuls * _NULS_OF_WIDE >= len(data):
        return False
    if known or nuls * 100 <= len(data):
        return True
    rest = decoded(data.replace(b"\x00", b""), "utf-8")
    return bool(rest and is_text(rest)) or _wide(data) is None


def _utf8(data: bytes) -> Guess | None:
    """UTF-8, or UTF-8 with a few stray bytes: a file cut within a letter, or put together from two."""
    try:
        return Guess(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = len(re.findall(r"[^\x00-\x7f\ufffd]", text))
    return Guess(text, "utf-8", broken=broken) if good >= _STRAY * broken else None


def _wide(data: bytes) -> Guess | None:
    """UTF-16 or UTF-32 without a mark: the reading whose letters are of the fewest blocks of Unicode."""
    fitting = []
    for encoding in _WIDE:
        text = decoded(data, encoding)
        if text and "\x00" not in text and is_text(text):
            fitting.append(Guess(text, encoding))
    return min(fitting, key=lambda one: len({ord(letter) >> 7 for letter in set(one.text)}), default=None)


def _likeliest(data: bytes) -> Guess | None:
    """The best of chardet's candidates that fits all bytes; between close ones, Windows-1252 where nothing speaks
    against it."""
    found = list(_candidates(data))
    clean = [one for one in found if not is_odd(one.text)] or found
    best = max(clean, key=lambda one: one.confidence, default=None)
    usual = next((one for one in clean if one.encoding == "cp1252"), best)
    if best is None or usual is None:
        return None
    if usual.confidence >= best.confidence - _margin(usual.text):
        best = usual
    others = sorted(found, key=lambda one: (one not in clean, -one.confidence))
    for one in (best, *others):
        text = decoded(data, one.encoding)
        if text and is_text(text):
            rivals = [each for each in others if each in clean and each.text != one.text]
            least = one.confidence * _DOUBTED - (0 if one.encoding == "cp1252" else _CLOSE)
            likely = [each.encoding for each in rivals if each.confidence >= least]
            return Guess(text, one.encoding, next(iter(likely), ""))
    return None


def _candidates(data: bytes) -> Iterator[_Candidate]:
    """Every encoding in which a sample of the bytes is text."""
    import chardet

    sample = _sample(data)
    names = [name for name in NAMES if name != "utf-8" and name not in _WIDE]
    ranked = chardet.detect_all(sample, ignore_threshold=True, compat_names=False, include_encodings=names)
    seen: set[str] = set()
    for one in ranked:
        encoding = _AS_WINDOWS.get(str(one["encoding"]), str(one["encoding"]))
        text = "" if encoding in seen else decoded(sample, encoding, final=len(sample) == len(data))
        seen.add(encoding)
        if text and is_text(text):
            yield _Candidate(encoding, text, float(one["confidence"]))


def decoded(data: bytes, encoding: str, final: bool = True) -> str:
    """The text in this encoding, "" where the bytes do not fit it; not `final`: they may stop within a letter."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final)
    except (UnicodeDecodeError, LookupError):
        return ""


def _sample(data: bytes) -> bytes:
    """The lines that tell encodings apart: those with more than ASCII, as far as there are any."""
    if len(data) <= _SAMPLE:
        return data
    lines, size = [], 0
    for line in data.split(b"\n"):
        if not line.isascii() or b"\x1b" in line:
            lines.append(line)
            size += len(line) + 1
        if size > _SAMPLE:
            break
    return b"\n".join(lines)[:_SAMPLE] or data[:_SAMPLE]


def is_text(text: str, sure: bool = False) -> bool:
    """False where more than one character in a thousand is none that text has: controls; unless the encoding is `sure`,
    private and unassigned ones too, which may be newer than Python's tables (an emoji of this year)."""
    strange = {letter for letter in set(text) if not letter.isprintable() and letter not in _SPACES}
    kinds = ("Cc", "Cs") if sure else ("Cc", "Cn", "Co", "Cs")
    bad = [letter for letter in strange if unicodedata.category(letter) in kinds]
    return sum(map(text.count, bad)) * 1000 <= len(text)


def is_odd(text: str) -> bool:
    """True for text that looks like another encoding's: more than one odd place in a hundred letters beyond ASCII."""
    beyond = sum(1 for letter in text if letter > "\x7f" and letter.isalpha())
    return sum(1 for _ in _ODD.finditer(text)) * 100 > beyond


def _margin(text: str) -> float:
    """How much less likely Windows-1252 may be and still be taken: more where only signs (€, §, °) are at stake, not
    at all where most letters would have accents."""
    letters = [letter > "\x7f" for letter in text if letter.isalpha()]
    return 0.0 if 2 * sum(letters) > len(letters) else _CLOSE if any(letters) else _CLOSE_SIGNS
