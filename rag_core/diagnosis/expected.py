"""Which passages should have answered, and whether the collection holds them.

`locate` asks the collection once; its `Location` holds all that `diagnose` needs, so that a saved case can be
looked at where the collection is not. What became of the passages in a run is `stage_of_loss`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Annotated, Protocol, runtime_checkable

from pydantic import Field

from rag_core.errors import BadInput, CannotBeListed
from rag_core.schema.base import Frozen
from rag_core.schema.documents import Document, Passage

Span = tuple[int, int]


class Corpus(Protocol):
    """What `locate` asks of a collection."""

    def documents(self) -> Sequence[Document]:
        """All documents."""
        ...

    def document(self, document_id: str) -> Document:
        """The document of that id. KeyError if there is none."""
        ...

    def passages_of(self, document_id: str) -> Sequence[Passage]:
        """The passages of one document, in order of reading."""
        ...


class Expected(Frozen):
    """The document that should have answered. `document`: its id or its title.

    `passage_id` narrows it to one passage; `quote`, the words that answer, to the passages that hold them. Only with a
    quote can a cut by chunking be told, and an unread part for certain.
    """

    document: Annotated[str, Field(min_length=1, max_length=2000)]
    passage_id: str | None = None
    quote: Annotated[str, Field(max_length=10_000)] = ""


class Nearest(Frozen):
    """A document whose title or id resembles what was asked for; similarity 0..1."""

    document_id: str
    title: str
    similarity: float


class Location(Frozen):
    """Where the collection holds what was expected.

    passages: those that count, any of which will do; where the quote was cut (`whole` is False), the ones that hold
    a part of it. spans: per passage, where the quote (or its part) stands in the passage's text; None without a quote.
    """

    expected: Expected
    document_id: str | None
    title: str = ""
    passages: tuple[Passage, ...] = ()
    spans: tuple[Span | None, ...] = ()
    whole: bool = True
    nearest: tuple[Nearest, ...] = ()

    @property
    def in_corpus(self) -> bool:
        """True where the collection has the document."""
        return self.document_id is not None

    @property
    def passage_ids(self) -> frozenset[str]:
        """The ids of the passages that count."""
        return frozenset(passage.id for passage in self.passages)

    def span_in(self, passage_id: str) -> Span | None:
        """Where the quote stands in that passage's text; None without a quote."""
        return next(span for passage, span in zip(self.passages, self.spans, strict=True) if passage.id == passage_id)


@runtime_checkable
class SearchedCorpus(Protocol):
    """What `locate` asks of a collection that cannot list its documents: one that somebody else keeps."""

    def passages_named(self, name: str) -> tuple[Passage, ...]:
        """The passages of the document of that id or title, else the passage of that id; none where it has none. Raises
        CannotBeListed where that cannot be told."""
        ...

    def similar_passages(self, name: str) -> Sequence[Passage]:
        """Passages that a search for the name finds, best first."""
        ...


def locate(corpus: Corpus | SearchedCorpus, expected: Expected) -> Location:
    """The passages that count. A document that is not there gives a Location with the nearest titles.

    Raises BadInput for a passage that the document does not have, and for a quote that its text does not hold.
    """
    if isinstance(corpus, SearchedCorpus):
        return _searched(corpus, expected)
    documents = corpus.documents()
    document = _known(corpus, expected.document)
    if document is None:
        return Location(expected=expected, document_id=None, nearest=nearest_documents(documents, expected.document))
    passages = _named(tuple(corpus.passages_of(document.id)), expected)
    found = {"expected": expected, "document_id": document.id, "title": document.title or document.id}
    if not expected.quote.strip():
        return Location(**found, passages=passages, spans=(None,) * len(passages))
    return Location(**found, **_holding(document, passages, expected.quote))


def nearest_documents(documents: Iterable[Document], name: str, first: int = 5) -> tuple[Nearest, ...]:
    """The documents whose title or id resembles `name` most (shared character trigrams), best first."""
    wanted = _trigrams(name)
    scored = [
        Nearest(
            document_id=document.id,
            title=document.title or document.id,
            similarity=max(_overlap(wanted, _trigrams(text)) for text in (document.id, document.title)),
        )
        for document in documents
    ]
    scored = [one for one in scored if one.similarity > 0]
    return tuple(sorted(scored, key=lambda one: (-one.similarity, one.document_id))[:first])


def _known(corpus: Corpus, name: str) -> Document | None:
    """By id, else by a title that only one document has. Case does not count in titles."""
    with suppress(KeyError):
        return corpus.document(name)
    titled = [document for document in corpus.documents() if document.title.casefold() == name.strip().casefold()]
    if len(titled) > 1:
        ids = ", ".join(document.id for document in titled[:5])
        raise BadInput(f"{len(titled)} documents have the title “{name}”: {ids}. Name one by its id.")
    return titled[0] if titled else None


def _searched(corpus: SearchedCorpus, expected: Expected) -> Location:
    """As `locate`. Chunking cannot be told: only passages are there, not the text that they were cut from."""
    untold: CannotBeListed | None = None
    try:
        found = corpus.passages_named(expected.document)
    except CannotBeListed as exc:
        found, untold = (), exc
    similar = () if found else corpus.similar_passages(expected.document)
    if not (found := found or _almost_named(corpus, similar, expected.document)):
        if untold:
            raise untold
        distinct = {one.document_id: Document(id=one.document_id, title=one.name, text="") for one in similar}.values()
        return Location(expected=expected, document_id=None, nearest=nearest_documents(distinct, expected.document))
    if len(ids := {passage.document_id for passage in found}) > 1 and not _holds(found[0], expected.document):
        told = ", ".join(sorted(ids)[:5])
        raise BadInput(f"{len(ids)} documents have the title “{expected.document}”: {told}. Name one by its id.")
    passages = _named(found, expected)
    here = {"expected": expected, "document_id": passages[0].document_id, "title": passages[0].name}
    if not expected.quote.strip():
        return Location(**here, passages=passages, spans=(None,) * len(passages))
    held = [(passage, places[0]) for passage in passages if (places := places_in(passage.text, expected.quote))]
    if not held:
        raise BadInput(
            f"No passage of “{passages[0].name}” in the index has all of these words: they may be split between two "
            "passages. Copy fewer words, or leave the field empty."
        )
    return Location(**here, passages=tuple(passage for passage, _ in held), spans=tuple(span for _, span in held))


def _almost_named(corpus: SearchedCorpus, similar: Sequence[Passage], name: str) -> tuple[Passage, ...]:
    """The passages of titles that are this name in other case, else the similar ones that hold its words, three at
    least."""
    title, words = name.strip().casefold(), " ".join(name.casefold().split())
    for same in dict.fromkeys(one.title for one in similar if one.title.casefold() == title):
        with suppress(CannotBeListed):
            if found := corpus.passages_named(same):
                return found
    if words.count(" ") < 2:
        return ()
    return tuple(one for one in similar if words in " ".join(one.text.casefold().split()))


def _holds(passage: Passage, words: str) -> bool:
    return bool(places_in(passage.text, words))


def _named(passages: tuple[Passage, ...], expected: Expected) -> tuple[Passage, ...]:
    if expected.passage_id is None:
        return passages
    named = tuple(passage for passage in passages if passage.id == expected.passage_id)
    if not named:
        raise BadInput(
            f"“{expected.document}” has no passage {expected.passage_id}; it may have been re-chunked since. "
            "Choose the passage again, or expect the whole document."
        )
    return named


def _holding(document: Document, passages: Sequence[Passage], quote: str) -> dict[str, object]:
    """The passages that hold the quote whole; where none does, those that hold a part of it."""
    places = places_in(document.text, quote)
    if not places:
        raise BadInput(
            f"The text of “{document.title or document.id}” does not contain these words. "
            "Copy them from the document as it was loaded, or leave the field empty."
        )
    for whole in (True, False):
        held = [(passage, span) for passage in passages if (span := _within(passage, places, whole))]
        if held or not whole:
            return {
                "passages": tuple(passage for passage, _ in held),
                "spans": tuple(span for _, span in held),
                "whole": whole,
            }
    raise AssertionError("unreachable")


def places_in(text: str, quote: str) -> list[Span]:
    """Where the quote stands; runs of white space count as one space, case does not count."""
    pattern = r"\s+".join(map(re.escape, quote.split()))
    return [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]


def _within(passage: Passage, places: Iterable[Span], whole: bool) -> Span | None:
    """The first place that lies in the passage, whole or in part, counted from the passage's start."""
    for start, end in places:
        inside = passage.start <= start and end <= passage.end if whole else start < passage.end and passage.start < end
        if inside:
            return max(start, passage.start) - passage.start, min(end, passage.end) - passage.start
    return None


def _trigrams(text: str) -> set[str]:
    words = " ".join(re.findall(r"[^\W_]+", text.casefold()))
    padded = f"  {words} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)} if words else set()


def _overlap(a: set[str], b: set[str]) -> float:
    """Dice's coefficient, 0..1."""
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0
