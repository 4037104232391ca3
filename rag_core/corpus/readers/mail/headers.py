"""Headers of a mail as a person reads them: encoded words decoded, dates as dates, names of attached files."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import Header, decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from rag_core.corpus.readers.base import Source
from rag_core.corpus.readers.charset import charset_of
from rag_core.corpus.readers.encodings import decoded
from rag_core.corpus.readers.plain import escaped
from rag_core.corpus.readers.text import decode
from rag_core.errors import DocumentError
from rag_core.schema.days import day_of

SHOWN = ("From", "To", "Cc", "Date")
"""Headers that mail programs show above the text, beside the subject."""


def header(message: Message, name: str) -> str:
    """The header's words on one line; "" for none. Several of one name are all read.

    >>> from email import message_from_string
    >>> header(message_from_string("Subject: =?utf-8?q?Caf=C3=A9?= at 9"), "subject")
    'Café at 9'
    """
    return ", ".join(words for value in message.get_all(name, []) if (words := words_of(value)))


def head(message: Message) -> str:
    """The headers that mail programs show, a line each."""
    return "\n".join(escaped(f"{name}: {words}") for name in SHOWN if (words := header(message, name)))


def in_no_encoding(message: Message) -> Iterator[str]:
    """The headers, of those that are read, with letters in an encoding that nothing names and that is not UTF-8."""
    for name in ("Subject", *SHOWN):
        for value in message.get_all(name, []):
            parts: list[tuple[Any, Any]] = decode_header(value) if isinstance(value, Header) else []
            if any(charset == "unknown-8bit" and not decoded(part, "utf-8") for part, charset in parts):
                yield name


def words_of(value: object) -> str:
    """A header's value, decoded; as it is written where that cannot be done."""
    try:
        parts = decode_header(value) if isinstance(value, Header) else decode_header(str(value))
        words = "".join(_decoded(part, charset) for part, charset in parts)
    except (HeaderParseError, binascii.Error, ValueError):
        words = str(value)
    return " ".join(words.split())


def dated(written: str) -> str:
    """The day in UTC that a mail was sent as `2026-03-14`; as it is written where it is no mail's date.

    >>> dated("Sat, 14 Mar 2026 00:30:00 +0100"), dated("yesterday")
    ('2026-03-13', 'yesterday')
    """
    try:
        return day_of(parsedate_to_datetime(written)).isoformat()
    except (TypeError, ValueError, IndexError, OverflowError):
        return written


def file_name(part: Message) -> str:
    """The name of an attached file; "" where it has none."""
    try:
        return words_of(part.get_filename() or "")
    except (LookupError, ValueError, TypeError):
        return ""


def _decoded(part: bytes | str, charset: str | None) -> str:
    """One encoded word, or a stretch that is not encoded."""
    if isinstance(part, str):
        return _decoded(part.encode("utf-8", "surrogateescape"), None) if _escaped(part) else part
    known = charset_of((charset or "").split("*")[0])
    if known and (words := decoded(part, known)):
        return words
    try:
        return decode(Source("header", part)).text
    except DocumentError:
        return part.decode("ascii", "replace")


def _escaped(text: str) -> bool:
    """Whether it holds bytes that are none of the ASCII that headers are written in."""
    return bool(re.search("[\udc80-\udcff]", text))
