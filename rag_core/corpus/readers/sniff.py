"""What a file's first bytes say that it is, so that a wrong name is told from a broken file."""

from __future__ import annotations

import io
import zipfile
import zlib

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf'\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"BZh91AY", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1\x15", "a Parquet table"),
    (b"ID3\x03", "an audio file"),
    (b"OggS\x00", "an audio file"),
)
_INSIDE_ZIP: tuple[tuple[bytes, str], ...] = (
    (b"word/", "a Word document (.docx)"),
    (b"xl/", "an Excel workbook (.xlsx)"),
    (b"ppt/", "a PowerPoint presentation (.pptx)"),
    (b"application/epub", "an EPUB book"),
    (b"opendocument", "an OpenDocument file"),
)

_CONTENT_TYPES = (
    (b"wordprocessingml", "a Word document (.docx)"),
    (b"ms-word", "a Word document (.docx)"),
    (b"spreadsheetml", "an Excel workbook (.xlsx)"),
    (b"presentationml", "a PowerPoint presentation (.pptx)"),
)
_MOST_TYPES = 2**20

PDF = "a PDF"
WORD = "a Word document (.docx)"
HTML = "a web page (HTML)"
LOCKED = "an Office document that is protected with a password"


def looks_like(data: bytes) -> str | None:
    """In words what the bytes look like, None for text or for what is not known."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _office_kind(data) or next((kind for mark, kind in _INSIDE_ZIP if mark in data), "a zip archive")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return LOCKED if "EncryptedPackage".encode("utf-16-le") in data else "an old Office document (.doc, .xls, .ppt)"
    if head[:100].lower().startswith((b"<!doctype html", b"<html")):
        return HTML
    return next((kind for mark, kind in _MAGIC if data.startswith(mark)), None)


def _office_kind(data: bytes) -> str | None:
    """What an Office file says that it is, in its list of content types; None for another archive or a broken one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("[Content_Types].xml") as listed:
            types = listed.read(_MOST_TYPES).replace(b"\x00", b"")
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError, OSError, zlib.error):
        return None
    mains = b" ".join(part for part in types.split(b"<") if b".main+xml" in part or b"mainDocument" in part)
    return next((kind for mark, kind in _CONTENT_TYPES if mark in (mains or types)), None)
