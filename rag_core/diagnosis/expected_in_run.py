"""Which passages of another pipeline's run should have answered.

There is no collection to ask: only what the run recorded is known. A document that no recorded passage belongs to may
be in that pipeline's index or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag_core.diagnosis.expected import Expected, Location, nearest_documents, places_in
from rag_core.schema.documents import MADE_UP, Document, Passage
from rag_core.schema.trace import Trace


def locate_in_run(trace: Trace, expected: Expected) -> Location:
    """The recorded passages that count: those of the document by its id, title or source, or the passage of that id.

    With a quote, those whose recorded text holds it. None found gives a Location with the nearest titles.
    """
    passages = [one for one in trace.passages.values() if _is(one, expected.document)]
    if not passages:
        nearest = nearest_documents(_documents(trace.passages.values()), expected.document)
        return Location(expected=expected, document_id=None, nearest=nearest)
    first = passages[0]
    named = [one for one in passages if expected.passage_id in (None, one.id)]
    quote = expected.quote.strip()
    found = [(one, next(iter(places_in(one.text, quote)), None) if quote else None) for one in named]
    found = [(one, span) for one, span in found if span or not quote]
    return Location(
        expected=expected,
        document_id=first.document_id,
        title=first.name,
        passages=tuple(one for one, _ in found),
        spans=tuple(span for _, span in found),
    )


def _is(passage: Passage, name: str) -> bool:
    """True where the passage is of the document of that name, or has it itself. Case does not count in titles."""
    if name in (passage.id, passage.document_id, passage.source):
        return True
    return bool(passage.title) and passage.title.casefold() == name.strip().casefold()


def _documents(passages: Iterable[Passage]) -> Sequence[Document]:
    """The documents that the passages name; an id that was made from a text names none."""
    named = {one.document_id: one.title for one in passages if not made_up(one.document_id) or one.title}
    return [Document(id=document_id, title=title, text="") for document_id, title in named.items()]


def made_up(document_id: str) -> bool:
    """True for an id that the pipeline did not give: it is made from the passage's text."""
    return document_id.startswith(MADE_UP)
