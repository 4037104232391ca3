"""Title blocks at the top of Markdown that are no YAML: Pandoc's `% Title` lines, MultiMarkdown's `Title: ...` lines.

    % Setup                     Title: Setup
    % Ann Berg; Bo Lind         Author: Ann Berg
    % 2026-03-14                Date: 2026-03-14

Plain text may begin in the same way, so a block is read as one only where it can hardly be anything else; else it stays
in the text.
"""

from __future__ import annotations

import re

_PANDOC = re.compile(r"\A(?:%(?!%)[^\n]*\n(?:[ \t]+\S[^\n]*\n)*){1,3}(?=\s*\n|\Z)")
_PANDOC_KEYS, _JOINTS = ("title", "author", "date"), (" ", "; ", " ")
_HEADER = re.compile(r"\A(?:[A-Za-z][\w -]*:[^\n]*\n(?:[ \t]+\S[^\n]*\n)*)+(?=\s*\n|\Z)")
_LINE = re.compile(r"^([A-Za-z][\w -]*):[ \t]*([^\n]*(?:\n[ \t]+\S[^\n]*)*)", re.MULTILINE)
_KEYS = frozenset(
    (
        *("title", "subtitle", "author", "authors", "date", "keywords", "tags", "category", "categories", "slug"),
        *("copyright", "affiliation", "email", "language", "lang", "quotes_language", "css", "html_header", "xslt"),
        *(
            "base_header_level",
            "latex_mode",
            "latex_input",
            "latex_footer",
            "bibtex",
            "revision",
            "version",
            "modified",
        ),
        *("status", "summary", "abstract", "template", "save_as", "url", "format", "comment"),
    )
)
"""What MultiMarkdown and generators of sites that write such headers (Pelican) call their metadata."""


def without_title_block(text: str) -> tuple[dict[str, object], str]:
    """The metadata of a title block, and the text behind it; no metadata and the whole text where there is none.

    >>> without_title_block("% Setup\\n% Ann Berg\\n\\nPress start.")
    ({'title': 'Setup', 'author': 'Ann Berg'}, 'Press start.')
    >>> without_title_block("Note: out of order.\\n\\nUse the stairs.")
    ({}, 'Note: out of order.\\n\\nUse the stairs.')
    """
    for block, read in ((_PANDOC, _of_pandoc), (_HEADER, _of_header)):
        if (found := block.match(text)) and (values := read(found.group())):
            return values, text[found.end() :].lstrip("\n")
    return {}, text


def _of_pandoc(block: str) -> dict[str, object]:
    """Title, authors and date. {} for one line that may be a sentence about per cents."""
    parts = [[line.strip() for line in part.splitlines()] for part in block.removeprefix("%").split("\n%")]
    values = [joint.join(filter(None, lines)) for joint, lines in zip(_JOINTS, parts, strict=False)]
    if not values[0] or (len(parts) == 1 and not _is_title(values[0])):
        return {}
    return {key: value for key, value in zip(_PANDOC_KEYS, values, strict=False) if value}


def _is_title(line: str) -> bool:
    """Whether the words of a `%` line that stands alone are a title: no small letter first, and no full stop behind."""
    return bool(re.match(r"[^\W_a-z]", line)) and not line.endswith((".", ",", ";", ":"))


def _of_header(block: str) -> dict[str, object]:
    """The values by key. {} where a key is none that such headers have, or no title is among them."""
    pairs = [(_key(key), " ".join(value.split())) for key, value in _LINE.findall(block)]
    values: dict[str, object] = {key: value for key, value in pairs if value}
    known = len(pairs) > 1 and "title" in values and all(key in _KEYS for key, _ in pairs)
    return values if known and len(values) == len([one for one in pairs if one[1]]) else {}


def _key(key: str) -> str:
    return re.sub(r"[ -]+", "_", key.strip().lower())
