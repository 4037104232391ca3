"""The document of a saved case in another collection than its own: the same documents in another engine, or a copy.

`How` says by what it was found there, since an id or a title alone proves no content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import StrEnum

from rag_core.diagnosis.expected import Corpus, Expected, Location, SearchedCorpus, locate
from rag_core.errors import CannotBeListed
from rag_core.schema.documents import Document, Passage

TRIED = 5
"""Passages whose text a document is looked for by, the longest first: in an index, each is a search."""


class How(StrEnum):
    """By what a document was found in another collection. `NOT_THERE`: it was not."""

    ID = "id"
    TEXT = "text"
    NAME = "name"
    NOT_THERE = "not there"


def locate_elsewhere(corpus: Corpus | SearchedCorpus, then: Location) -> Location:
    """Where `corpus` has the document that another collection had: under its id with the same text, else by the text of
    one of its passages, else under its id with other text, else by the name that was asked for, or its title. One that
    is not there gives a Location without a document. A quote and a passage narrow it once it is found; the passage by
    its text, where that has another id there.

    Raises as `locate`.
    """
    found = _document(corpus, then)
    if found.document_id is None:
        return found.with_(expected=then.expected)
    wanted, passage = then.expected.with_(document=found.expected.document), then.expected.passage_id
    if passage is None and not wanted.quote.strip():
        return found
    texts = {_plain(one.text) for one in then.passages if one.id == passage}
    same = [one.id for one in found.passages if _plain(one.text) in texts]
    return locate(corpus, wanted if passage in same or not same else wanted.with_(passage_id=same[0]))


def how_found(then: Location, now: Location) -> How:
    """By what `locate_elsewhere` has found it."""
    if now.document_id is None:
        return How.NOT_THERE
    if now.document_id == then.document_id:
        return How.ID
    return How.TEXT if same_text(then, now) else How.NAME


def same_text(then: Location, now: Location) -> bool:
    """Whether a passage that counts now has the text of one that counted then."""
    return bool({_plain(one.text) for one in then.passages} & {_plain(one.text) for one in now.passages})


def _document(corpus: Corpus | SearchedCorpus, then: Location) -> Location:
    """The document with all of its passages."""
    same_id = _of_id(corpus, then)
    if same_id and same_text(then, same_id):
        return same_id
    if document_id := _with_text(corpus, then.passages):
        return _named(corpus, document_id)
    if same_id:
        return same_id
    asked = _named(corpus, then.expected.document)
    if asked.in_corpus or not then.title:
        return asked
    titled = _named(corpus, then.title)
    return titled if titled.in_corpus else asked


def _of_id(corpus: Corpus | SearchedCorpus, then: Location) -> Location | None:
    """The document of the same id; None where there is none, or where that cannot be asked."""
    if then.document_id:
        with suppress(CannotBeListed):  # the name that was asked for comes to the same, and says so
            found = _named(corpus, then.document_id)
            return found if found.document_id == then.document_id else None
    return None


def _named(corpus: Corpus | SearchedCorpus, name: str) -> Location:
    return locate(corpus, Expected(document=name))


def _with_text(corpus: Corpus | SearchedCorpus, passages: Iterable[Passage]) -> str | None:
    """The id of a document that holds the text of one of these passages. A text of fewer than three words tells
    nothing."""
    distinct = dict.fromkeys(text for one in passages if (text := _plain(one.text)).count(" ") >= 2)
    texts = sorted(distinct, key=len, reverse=True)[:TRIED]
    if isinstance(corpus, SearchedCorpus):
        found = (one for text in texts for one in corpus.similar_passages(text) if _plain(one.text) == text)
        return next((one.document_id for one in found), None)
    return _holding(corpus.documents(), texts) if texts else None


def _holding(documents: Iterable[Document], texts: Sequence[str]) -> str | None:
    """The id of the document that holds the earliest of the texts. Each document is read once."""
    best, holding = len(texts), None
    for one in documents:
        whole = _plain(one.text)
        at = next((at for at, text in enumerate(texts[:best]) if text in whole), best)
        if at < best:
            best, holding = at, one.id
        if best == 0:
            break
    return holding


def _plain(text: str) -> str:
    """The text with runs of white space as one space."""
    return " ".join(text.split())
