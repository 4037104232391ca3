"""What a chat server's message says: the answer, and apart from it what the model thought first.

Servers send thoughts as a field of their own, as parts of the content, or in the text between tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "[THINK]": "[/THINK]",
    "◁think▷": "◁/think▷",
}
"""Tags around thoughts, as models write them before their answer."""
_CLOSED_ONLY = re.compile(r"\A(?P<thought>.*?)(?<!`)</think(?:ing)?>[ \t]*(?:\n|\Z)", re.DOTALL)
"""Thoughts whose opening tag the server has taken for its own: many chat templates end with it."""
_FENCE = "```"
_FIELDS = ("reasoning_content", "reasoning", "thinking")


@dataclass(frozen=True)
class Said:
    """A message, or a piece of one: its text, and its reasoning where it stands apart."""

    text: str = ""
    reasoning: str = ""


def said_in(message: Any) -> Said:
    """What a message or a delta of the `openai` client holds, whatever its server puts into it."""
    if message is None:
        return Said()
    text, thoughts = _parts(message.content)
    beside = next((extra for name in _FIELDS if (extra := (message.model_extra or {}).get(name))), "")
    refusal = getattr(message, "refusal", None)
    return Said(text or (refusal if isinstance(refusal, str) else ""), _plain(beside) + thoughts)


def _parts(content: Any) -> tuple[str, str]:
    """The text and the thoughts of a content: a text, or a list of parts."""
    if not isinstance(content, list):
        return _plain(content), ""
    text, thoughts = "", ""
    for part in content:
        kind = str(part.get("type", "text")) if isinstance(part, dict) else "text"
        if "think" in kind or "reason" in kind:
            thoughts += _plain(part)
        else:
            text += _plain(part)
    return text, thoughts


def _plain(value: Any) -> str:
    """The text of a value: itself, or that of its parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_plain, value))
    if isinstance(value, dict):
        return next((_plain(value[key]) for key in ("text", "thinking", "reasoning", "summary") if key in value), "")
    return ""


def parted(text: str, *, whole: bool = True) -> Said:
    """The text without the thoughts in tags before it, and those. `whole`: False while more of it may come.

    >>> parted("<think>hm</think>\\n\\nFive days [1].")
    Said(text='Five days [1].', reasoning='hm')
    """
    closed = _CLOSED_ONLY.match(text)
    thoughts = []
    if closed and not _opening(text.lstrip()) and not _in_code(text, closed.end()):
        thoughts.append(closed["thought"].strip())
        text = text[closed.end() :].lstrip()
    while (begun := text.lstrip()) and (tag := _opening(begun)):
        inside, _, text = begun[len(tag) :].partition(_TAGS[tag])
        thoughts.append(inside.strip())
        text = text.lstrip()
    if not whole and any(tag.startswith(text.lstrip()) for tag in _TAGS):
        text = ""
    return Said(text, "\n\n".join(one for one in thoughts if one))


def _in_code(text: str, end: int) -> bool:
    """True where the tag that ends there stands in a block of code, which shows it and does not mean it."""
    return bool(text.count(_FENCE, 0, end) % 2) and _FENCE in text[end:]


def _opening(text: str) -> str:
    """The tag that the text begins with; "" for none."""
    return next((tag for tag in _TAGS if text.startswith(tag)), "")
