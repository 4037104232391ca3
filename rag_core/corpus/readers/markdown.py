"""Markdown: the text as it is, underlined headings as `#` lines, front matter (YAML or TOML) as metadata.

Title blocks of other forms are `title_blocks`', HTML in it is `markdown_html`'s.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import replace

from rag_core.corpus.readers.base import Parsed, Record, Source, in_doubt
from rag_core.corpus.readers.markdown_html import shown
from rag_core.corpus.readers.text import decode
from rag_core.corpus.readers.title_blocks import without_title_block
from rag_core.schema.files import FileNote

_FRONT_MATTER = re.compile(
    r"(?P<mark>---|\+\+\+)[ \t]*\n(?P<block>.*?)^(?:(?P=mark)|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_KEY = re.compile(r"(?:[ \t]*#[^\n]*\n)*(?:[\"'\w][\w .:/\"'-]*?[ \t]*(?::(?=\s)|=)|\[[\w.]+\]\n)")
_LINE = re.compile(r"^(?P<key>\w[\w-]*):[ \t]+(?P<value>[^\s{}\[\]*&!|>%@`#][^\n{}]*)$", re.MULTILINE)
_UNDERLINED = re.compile(
    r"(?:(?<=\n\n)|\A)(?! *(?:[#>|`~*+-]|\d+[.)]\s))(?P<words>[^\n|]*\S[^\n|]*)\n(?P<line>={2,}|-{3,})[ \t]*$",
    re.MULTILINE,
)
_MAX_FRONT_MATTER = 64 * 1024


def read_markdown(source: Source) -> Parsed:
    """One document; keys of the front matter travel as metadata. Front matter that cannot be read costs no more than
    itself: it is named, and what stands there line by line is taken."""
    found = decode(source)
    metadata, body, notes = _split(found.text.replace("\r\n", "\n").replace("\r", "\n"))
    seen, left = shown(source, _with_hash_headings(body))
    parsed = found.parsed(Record(seen, metadata))
    return replace(parsed, notes=[*parsed.notes, *notes, *left])


def _split(text: str) -> tuple[dict[str, object], str, list[FileNote]]:
    """Front matter, the rest, and any doubt. A `---` that opens no front matter is a rule, and stays."""
    found = _FRONT_MATTER.match(text)
    if not found or not _KEY.match(found["block"]):
        return *without_title_block(text), []
    block, rest = found["block"], text[found.end() :]
    try:
        values = _LANGUAGES[found["mark"]](block)
    except _UnreadableError as exc:
        taken = _by_line(block)
        what = f"Only {', '.join(taken)} was taken from it." if taken else "Nothing was taken from it."
        return taken, rest, [in_doubt("front matter", f"{exc} {what}", block.strip())]
    if not isinstance(values, dict):
        return {}, text, []
    return {str(key): value for key, value in values.items()}, rest, []


class _UnreadableError(ValueError):
    """Front matter that cannot be read; says why."""


def _yaml(block: str) -> object:
    """The value. Raises _UnreadableError where it is not YAML, or could unfold to any size."""
    import yaml

    if len(block) > _MAX_FRONT_MATTER:
        raise _UnreadableError("It is longer than 64 KB.")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(block)):
            raise _UnreadableError("It refers to itself (YAML aliases, *name).")
        return yaml.safe_load(block)
    except (yaml.YAMLError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        raise _UnreadableError(f"It is not valid YAML{f' near line {mark.line + 2}' if mark else ''}.") from exc
    except ValueError as exc:
        raise exc if isinstance(exc, _UnreadableError) else _UnreadableError("It is not valid YAML.") from exc


def _toml(block: str) -> object:
    """The value. Raises _UnreadableError where it is not TOML."""
    try:
        return tomllib.loads(block)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise _UnreadableError(f"It is not valid TOML ({exc}).") from exc


_LANGUAGES: dict[str, Callable[[str], object]] = {"---": _yaml, "+++": _toml}


def _by_line(block: str) -> dict[str, object]:
    """`key: value` lines with plain words after the colon, each by itself; no templates, lists or references."""
    if len(block) > _MAX_FRONT_MATTER:
        return {}
    return {found["key"]: found["value"].strip().strip("\"'") for found in _LINE.finditer(block)}


def _with_hash_headings(text: str) -> str:
    """Underlined headings as `#` lines, outside of code fences.

    >>> _with_hash_headings("Refunds\\n=======\\nWithin 14 days.")
    '# Refunds\\nWithin 14 days.'
    """
    parts = re.split(r"(^ {0,3}(?:```|~~~).*?(?:^ {0,3}(?:```|~~~)[ \t]*$|\Z))", text, flags=re.DOTALL | re.MULTILINE)
    parts[::2] = [_UNDERLINED.sub(_hashed, part) for part in parts[::2]]
    return "".join(parts)


def _hashed(match: re.Match[str]) -> str:
    """One underlined heading as a `#` line: `=` is level 1, `-` level 2."""
    return f"{'#' if match['line'][0] == '=' else '##'} {match['words'].strip()}"
