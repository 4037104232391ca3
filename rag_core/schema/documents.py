"""What is searched: documents, the passages cut from them, and which collection they stand in."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated

from pydantic import (
    Field,
)

from rag_core.schema.base import Frozen, Scalar

MADE_UP = "content:"
"""How an id begins that was made from a passage's text, because its pipeline gave none."""

FIRST_CHARS = 60
"""Characters of a text that name a passage without title, id and source."""

LISTED = "\u2028"
"""Between the values of a field that an index keeps as a list; other texts hardly have this line separator."""


def stated_authority(metadata: Mapping[str, Scalar]) -> float | None:
    """The number from 0 to 1 that metadata gives as `authority`, as a number or in text; None for anything else.

    >>> stated_authority({"authority": "0.3"}), stated_authority({"authority": "the council"}), stated_authority({})
    (0.3, None, None)
    """
    try:
        given = float(metadata.get("authority", "nan"))
    except ValueError:
        return None
    return given if 0 <= given <= 1 else None


class Document(Frozen):
    """One document as loaded. `source` is its kind of origin ("policy", "chat"); `id` is unique in a collection."""

    id: Annotated[str, Field(min_length=1)]
    text: str
    title: str = ""
    source: str = ""
    updated_at: date | None = None
    tenant: str | None = None
    metadata: dict[str, Scalar] = {}


class Passage(Frozen):
    """A passage: `document.text[start:end] == passage.text`. Carries its document's metadata, so a trace is whole."""

    id: Annotated[str, Field(min_length=1)]
    document_id: str
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    text: str
    heading_path: tuple[str, ...] = ()
    title: str = ""
    source: str = ""
    updated_at: date | None = None
    tenant: str | None = None
    metadata: dict[str, Scalar] = {}

    @cached_property
    def name(self) -> str:
        """What it is called where it is shown: its title, else its document's id, or the source where that is made up;
        without these, its first words.

        >>> Passage(id="content:1b92", document_id="content:1b92", start=0, end=7, text="Thirty.").name
        'Thirty.'
        """
        given = "" if self.document_id.startswith(MADE_UP) else self.document_id
        return self.title or given or self.source or self.first_words or self.document_id

    @cached_property
    def first_words(self) -> str:
        """The beginning of the text, in one line."""
        return textwrap.shorten(self.text[: 10 * FIRST_CHARS], FIRST_CHARS, placeholder=" …")

    @cached_property
    def heading(self) -> str:
        """Title and heading path in one line: `Refund policy > Digital goods > EU`."""
        parts = (self.title, *self.heading_path) if self.title else self.heading_path
        kept = [part for i, part in enumerate(parts) if part and (i == 0 or part != parts[i - 1])]
        return " > ".join(kept)

    @cached_property
    def model_text(self) -> str:
        """What the models read: the heading line, then the text. It ends with `text`, always."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text

    @cached_property
    def authority(self) -> float | None:
        """What its document says that it counts, 0..1; None where it says nothing."""
        return stated_authority(self.metadata)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (hex) of what the models read: the key of cached vectors and pair scores."""
        return hashlib.sha256(self.model_text.encode("utf-8", "surrogatepass")).hexdigest()


class CollectionRef(Frozen):
    """Which collection was searched, well enough to know it again.

    `fingerprint` is of its content, chunking and model; `id` stays when it is renamed, shared or changed. Empty: it was
    recorded before collections had one, or is not a saved collection. A name alone identifies nothing: two people may
    use the same.
    """

    name: str
    fingerprint: str
    embedding_model: str
    documents: Annotated[int, Field(ge=0)]
    passages: Annotated[int, Field(ge=0)]
    id: str = ""

    def same_as(self, other: CollectionRef) -> bool:
        """True where both are versions of one collection: the same id, or the same content where one has no id.

        >>> v1 = CollectionRef(name="a", fingerprint="f1", embedding_model="m", documents=1, passages=1, id="x")
        >>> v2 = v1.model_copy(update={"name": "b", "fingerprint": "f2"})
        >>> v1.same_as(v2), v1.same_as(v2.model_copy(update={"id": "y"}))
        (True, False)
        """
        if self.id and other.id:
            return self.id == other.id
        return self.fingerprint == other.fingerprint
