"""The passages of a run while it is put together: which id each gets, and one entry for each.

Pipelines often give no ids, or give a document's id to each of its passages. So:

- without an id, a passage is keyed by its text; where the text was seen under an id before, it gets that id
- an id that comes again with another text is another passage of the same document, and gets a key of its own
- a text that begins like the one known under that id is the same passage, cut short by a step
"""

from __future__ import annotations

import hashlib

from rag_core.runs.values import RunPassage
from rag_core.schema.documents import MADE_UP


def content_key(text: str) -> str:
    """The id of a passage that has none: made from its text.

    >>> content_key("Refunds take 30 days.")
    'content:1b92e160bd3afbafff28084200506636'
    """
    return f"{MADE_UP}{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


class PassageBook:
    """Collects passages and gives each its id. Not safe to share between threads."""

    def __init__(self) -> None:
        self._passages: dict[str, RunPassage] = {}
        self._by_text: dict[str, str] = {}

    def add(self, passage: RunPassage) -> str:
        """Keep the passage, whose id may be made up by `content_key`; the id that hits refer to."""
        key = self._key(passage)
        known = self._passages.get(key)
        kept = _filled(known, passage) if known else _renamed(passage, key)
        self._passages[key] = kept
        if kept.text:
            self._by_text.setdefault(kept.text, key)
        return key

    def has(self, passage_id: str) -> bool:
        """True where a passage has this id, so that a hit may refer to it."""
        return passage_id in self._passages

    def passages(self) -> tuple[RunPassage, ...]:
        """All of them, in the order in which they came."""
        return tuple(self._passages.values())

    def _key(self, passage: RunPassage) -> str:
        text = passage.text
        if text and passage.id.startswith(MADE_UP) and passage.id == content_key(text):
            return self._by_text.get(text, passage.id)
        known = self._passages.get(passage.id)
        if known is None or same_text(known.text, text):
            return passage.id
        return f"{passage.id}#{content_key(text or '')[-12:]}"


def same_text(one: str | None, other: str | None) -> bool:
    """True where one is the other, the beginning of the other, or not known."""
    if not one or not other or one == other:
        return True
    shorter, longer = sorted((_bare(one), _bare(other)), key=len)
    return longer.startswith(shorter)


def _bare(text: str) -> str:
    """The text without the dots that say that it was cut."""
    return text.strip().removesuffix("...").rstrip("…").rstrip()


def _renamed(passage: RunPassage, key: str) -> RunPassage:
    """The passage under this id; the one that it had becomes its document's."""
    if key == passage.id:
        return passage
    return passage.model_copy(update={"id": key, "document_id": passage.document_id or passage.id})


def _filled(known: RunPassage, again: RunPassage) -> RunPassage:
    """What was known, with what was missing of it."""
    if known is again:
        return known
    fresh = {
        name: getattr(again, name)
        for name in ("title", "source", "document_id", "metadata")
        if not getattr(known, name) and getattr(again, name)
    }
    if again.text and again.text != known.text and len(_bare(again.text)) > len(_bare(known.text or "")):
        fresh["text"] = again.text
    return known.model_copy(update=fresh) if fresh else known
