"""Markdown: the text as it is, underlined headings as `#` lines, front matter (YAML) as metadata."""

from __future__ import annotations

import re

from rag_core.corpus.readers.base import Parsed, Record, Source
from rag_core.corpus.readers.text import decode

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_UNDERLINED = re.compile(
    r"(?:(?<=\n\n)|\A)(?! *(?:[#>|`~*+-]|\d+[.)]\s))(?P<words>[^\n|]*\S[^\n|]*)\n(?P<line>={2,}|-{3,})[ \t]*$",
    re.MULTILINE,
)
_MAX_FRONT_MATTER = 64 * 1024


def read_markdown(source: Source) -> Parsed:
    """One document; keys of the front matter travel as metadata."""
    found = decode(source)
    metadata, body = _split(source, found.text.replace("\r\n", "\n").replace("\r", "\n"))
    return found.parsed(Record(_with_hash_headings(body), metadata))


def _split(source: Source, text: str) -> tuple[dict[str, object], str]:
    """Front matter and the rest. A `---` that opens no front matter is a rule, and stays."""
    found = _FRONT_MATTER.match(text)
    if not found or ":" not in found.group(1):
        return {}, text
    values = _yaml(source, found.group(1))
    if not isinstance(values, dict):
        return {}, text
    return {str(key): value for key, value in values.items()}, text[found.end() :]


def _yaml(source: Source, block: str) -> object:
    """The front matter's value. Raises DocumentError where it is not YAML, or could unfold to any size."""
    import yaml

    if len(block) > _MAX_FRONT_MATTER:
        raise source.error("Its front matter (the lines between the first two ---) is longer than 64 KB. Shorten it.")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(block)):
            raise source.error("Its front matter refers to itself (YAML aliases, *name). Write the values out.")
        return yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        line = f" near line {mark.line + 2}" if mark else ""
        raise source.error(
            f"Its front matter (the lines between the first two ---) is not valid YAML{line}. Correct or remove it."
        ) from exc


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
