"""The document of a case in another collection: by id, text or name, in one that lists its documents and in one that
does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag_core.diagnosis import Expected, How, Location, how_found, locate_elsewhere, same_text
from rag_core.errors import BadInput, CannotBeListed
from rag_core.schema.documents import Document, Passage

TEXT = "A refund takes five days."


class Listed:
    """Documents of one passage each, in a collection that lists them."""

    def __init__(self, *documents: tuple[str, str, str]) -> None:
        self.known = {name: Document(id=name, title=title, text=text) for name, title, text in documents}

    def documents(self) -> list[Document]:
        return list(self.known.values())

    def document(self, document_id: str) -> Document:
        return self.known[document_id]

    def passages_of(self, document_id: str) -> list[Passage]:
        one = self.known[document_id]
        return [passage(one.id, one.title, one.text)]


class Searched:
    """The same in an index that is searched by names, and by words for what is similar."""

    def __init__(self, *documents: tuple[str, str, str]) -> None:
        self.known = [passage(*one) for one in documents]

    def passages_named(self, name: str) -> tuple[Passage, ...]:
        return tuple(one for one in self.known if name in (one.document_id, one.title))

    def similar_passages(self, name: str) -> list[Passage]:
        return self.known


class Unlisted(Searched):
    """An index that cannot be asked for documents."""

    def passages_named(self, name: str) -> tuple[Passage, ...]:
        raise CannotBeListed("It lists no passages.")


def passage(document: str, title: str, text: str) -> Passage:
    return Passage(id=f"{document}::0", document_id=document, start=0, end=len(text), text=text, title=title)


THEN = Location(
    expected=Expected(document="refunds.md"),
    document_id="refunds.md",
    title="Refunds",
    passages=(passage("refunds.md", "Refunds", TEXT),),
    spans=(None,),
)
OTHER = ("office.md", "Office", "The office closes at six.")


@pytest.mark.parametrize("made", [Listed, Searched])
@pytest.mark.parametrize(
    ("there", "document", "how", "same"),
    [
        ([("refunds.md", "", TEXT)], "refunds.md", How.ID, True),
        ([("refunds.md", "Refunds", "Something else by now.")], "refunds.md", How.ID, False),
        ([("7f", "", "A refund takes\nfive days.")], "7f", How.TEXT, True),
        ([("7f", "Refunds", "Other words of it.")], "7f", How.NAME, False),
        ([("refunds.md", "Stories", "Once upon a time."), ("7f", "", TEXT)], "7f", How.TEXT, True),
        ([], None, How.NOT_THERE, False),
    ],
)
def test_it_is_found_by_what_is_surest(
    made: Callable[..., Listed | Searched], there: list[tuple[str, str, str]],
    document: str | None, how: How, same: bool,
) -> None:  # fmt: skip
    found = locate_elsewhere(made(*there, OTHER), THEN)
    assert (found.document_id, how_found(THEN, found), same_text(THEN, found)) == (document, how, same)


@pytest.mark.parametrize("made", [Listed, Searched])
def test_a_title_of_several_documents_is_not_enough(made: Callable[..., Listed | Searched]) -> None:
    with pytest.raises(BadInput, match="2 documents have the title"):
        locate_elsewhere(made(("x", "Refunds", "One thing."), ("y", "Refunds", "Another.")), THEN)


def test_a_text_of_two_words_tells_nothing() -> None:
    then = THEN.with_(passages=(passage("refunds.md", "Refunds", "Five days."),))
    assert not locate_elsewhere(Listed(("x", "", "It takes: Five days.")), then).in_corpus


def test_what_cannot_be_asked_for_its_documents_is_no_proof_that_one_is_missing() -> None:
    with pytest.raises(CannotBeListed):
        locate_elsewhere(Unlisted(OTHER), THEN)
