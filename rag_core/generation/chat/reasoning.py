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
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
    "◁think▷": "◁/think▷",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|channel>thought": "<channel|>",
    "<|channel|>analysis<|message|>": "<|end|>",
    "<|channel|>commentary<|message|>": "<|end|>",
}
"""Tags around thoughts, as models write them before their answer."""
_WRAPPED = {
    "<|channel|>final<|message|>": ("<|return|>", "<|end|>"),
    "<|START_RESPONSE|>": ("<|END_RESPONSE|>",),
    "<|begin_of_solution|>": ("<|end_of_solution|>",),
    "<answer>": ("</answer>",),
    "<response>": ("</response>",),
}
"""Tags around the answer, as models write them behind their thoughts."""
_TURN = "<|start|>assistant"
"""What some models write before each part of a reply."""
_CLOSED_ONLY = re.compile(
    r"\A(?P<thought>.*?)(?<!`)</think(?:ing)?>[ \t]*(?:\n|\Z)|\Aanalysis(?P<bare>.*?)assistantfinal", re.DOTALL
)
"""Thoughts whose opening tag the server has taken for its own, as many chat templates end with it; or all tags."""
_FENCE = "```"
_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
_TEXTS = ("text", "value", "thinking", "reasoning", "summary", "content", "refusal")


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
    text, thoughts = "", ""
    for part in content if isinstance(content, list) else [content]:
        kind = str(part.get("type", "text")) if isinstance(part, dict) else "text"
        thought = isinstance(part, dict) and part.get("thought") is True
        if thought or "think" in kind or "reason" in kind:
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
        return next((_plain(value[key]) for key in _TEXTS if key in value), "")
    return ""


def parted(text: str, *, whole: bool = True) -> Said:
    """The text without the thoughts in tags before it or between its lines, and those.

    `whole`: False while more of it may come.

    >>> parted("<think>hm</think>\\n\\nFive days [1].")
    Said(text='Five days [1].', reasoning='hm')
    """
    closed = _CLOSED_ONLY.match(text)
    thoughts = []
    if closed and not _block(text[: closed.end()]) and not _in_code(text, closed.end()):
        thoughts.append((closed["thought"] or closed["bare"] or "").strip())
        text = text[closed.end() :].lstrip()
    while block := _block(text, bool(thoughts), whole=whole):
        thoughts.append(block.thought)
        before, after = text[: block.start], text[block.end :]
        text = before + after if before.strip() else after.lstrip()
    text = _unwrapped(text, thoughts, whole=whole)
    return Said(text if whole else _without_beginning(text), "\n\n".join(one for one in thoughts if one))


@dataclass(frozen=True)
class _Block:
    """One block of thoughts: `text[start:end]` with its tags."""

    start: int
    end: int
    thought: str


_OPENING = re.compile(
    rf"(?:\A\s*|^[ \t]*)(?:{re.escape(_TURN)})?(?P<tag>{'|'.join(map(re.escape, _TAGS))})",
    re.IGNORECASE | re.MULTILINE,
)


def _block(text: str, thinks: bool = False, *, whole: bool = True) -> _Block | None:
    """The first block of thoughts, at the beginning of a line that is no code.

    One without an end goes on to the end of the text; in a whole text only where nothing stands before it. Tags that
    may be a part of the answer are thoughts between its lines only if the model `thinks` in such blocks before it.
    """
    for found in _OPENING.finditer(text):
        closing = _TAGS[next(tag for tag in _TAGS if tag.lower() == found["tag"].lower())]
        end = re.compile(re.escape(closing), re.IGNORECASE).search(text, found.end())
        leads = not text[: found.start()].strip()
        ends = not end or not text[end.end() :].strip()
        may_be_meant = leads or ends or thinks or _is_control(found["tag"])
        if may_be_meant and (end or leads or not whole) and not _in_code(text, found.start()):
            inside = text[found.end() : end.start() if end else len(text)]
            return _Block(found.start(), end.end() if end else len(text), inside.strip())
    return None


def _is_control(tag: str) -> bool:
    """Whether a tag is a model's own sign, and not one that a text may be about, as `<think>` is."""
    return not re.fullmatch(r"</?[\w:]+>", tag)


def _without_beginning(text: str) -> str:
    """The text so far without a last line that may become a tag."""
    last = text.rpartition("\n")[2].lstrip()
    tags = (*_TAGS, *_WRAPPED, *(_TURN + tag for tag in (*_TAGS, *_WRAPPED)))
    begun = bool(last) and any(tag.lower().startswith(last.lower()) for tag in tags)
    text = text[: len(text) - len(last)] if begun else text
    return text if text.strip() else ""


def _unwrapped(text: str, thoughts: list[str], *, whole: bool) -> str:
    """The text without the tags around it; words in angle brackets are tags behind thoughts only."""
    begun = text.lstrip().removeprefix(_TURN)
    tag = next((one for one in _WRAPPED if begun.startswith(one)), "")
    if not tag or not (tag.startswith("<|") or thoughts):
        return text
    inside = begun[len(tag) :].lstrip()
    for closing in _WRAPPED[tag]:
        ends = [closing] if whole else [closing[:length] for length in range(len(closing), 0, -1)]
        end = next((one for one in ends if inside.rstrip().endswith(one)), "")
        inside = inside.rstrip().removesuffix(end).rstrip() if end else inside
    return inside


def _in_code(text: str, end: int) -> bool:
    """True where the tag that ends there stands in a block of code, which shows it and does not mean it."""
    return bool(text.count(_FENCE, 0, end) % 2) and _FENCE in text[end:]
