"""Plain text, and how the bytes of every text format become characters."""

from __future__ import annotations

import codecs

from rag_core.corpus.readers.base import Parsed, Record, Source

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = bytes(byte for byte in range(32) if byte not in b"\t\n\r\x0b\x0c\x1b\x1a")


def read_text(source: Source) -> Parsed:
    """The whole file as one document."""
    return Parsed([Record(decode(source))])


def decode(source: Source) -> str:
    """Characters of the file: by its byte order mark, else UTF-8, else Windows-1252. Binary data is refused.

    Raises DocumentError for bytes that are no text in any of these.
    """
    encoding = next((name for mark, name in _MARKS if source.data.startswith(mark)), "")
    if encoding:
        return _decoded(source, (encoding,), f"It starts as {encoding.upper()} text but breaks off")
    if _binary_share(source.data) > 0.001:
        raise source.error("It holds binary data, not text. Save it as text (UTF-8), PDF or DOCX.")
    return _decoded(source, ("utf-8", "cp1252"), "Its text is neither UTF-8 nor Windows-1252")


def _decoded(source: Source, encodings: tuple[str, ...], reason: str) -> str:
    """The text in the first of the encodings that fits."""
    for encoding in encodings:
        try:
            return source.data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise source.error(f"{reason}. Save it again as UTF-8.")


def _binary_share(data: bytes) -> float:
    """The share of bytes that no text has: NULs and other control characters."""
    return 1 - len(data.translate(None, _BINARY)) / max(len(data), 1)
