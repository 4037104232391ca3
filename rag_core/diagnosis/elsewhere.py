"""The document of a saved case in another collection than its own: the same documents in another engine, or a copy.

`How` says by what it was found there, since an id or a title alone proves no content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import StrEnum

from rag_core.diagnosis.expected import Corpus, Location, SearchedCorpus, locate
from rag_core.errors import CannotBeListed
from rag_core.schema.documents import Passage


class How(StrEnum):
    """By what a document was found in another collection. `NOT_THERE`: it was not."""

    ID = "id"
    TEXT = "text"
    NAME = "name"
    NOT_THERE = "not there"


def locate_elsewhere(corpus: Corpus | SearchedCorpus, then: Location) -> Location:
    """Where `corpus` has the document that another collection had: under its id with the same text, else by the text of
    one of its passages, else under its id with other text, else by the name that was asked for, or its title. One that
    is not there gives a Location without a document.

    Raises as `locate`.
    """
    same_id = _of_id(corpus, then)
    if same_id and same_text(then, same_id):
        return same_id
    for document_id in _with_text(corpus, then.passages):
        return _named(corpus, then, document_id)
    if same_id:
        return same_id
    asked = _named(corpus, then, then.expected.document)
    if asked.in_corpus or not then.title:
        return asked
    titled = _named(corpus, then, then.title)
    return titled if titled.in_corpus else asked


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


def _of_id(corpus: Corpus | SearchedCorpus, then: Location) -> Location | None:
    """The document of the same id; None where there is none, or where that cannot be asked."""
    if then.document_id:
        with suppress(CannotBeListed):  # the name that was asked for comes to the same, and says so
            found = _named(corpus, then, then.document_id)
            return found if found.document_id == then.document_id else None
    return None


def _named(corpus: Corpus | SearchedCorpus, then: Location, name: str) -> Location:
    return locate(corpus, then.expected.with_(document=name))


def _with_text(corpus: Corpus | SearchedCorpus, passages: Iterable[Passage]) -> Iterator[str]:
    """Ids of documents that hold the text of one of these passages. A text of fewer than three words tells nothing."""
    for passage in passages:
        text = _plain(passage.text)
        if text.count(" ") < 2:
            continue
        if isinstance(corpus, SearchedCorpus):
            yield from (one.document_id for one in corpus.similar_passages(passage.text) if _plain(one.text) == text)
        else:
            yield from (one.id for one in corpus.documents() if text in _plain(one.text))


def _plain(text: str) -> str:
    """The text with runs of white space as one space."""
    return " ".join(text.split())
