"""The document of a case in another collection: by id, text or name, in one that lists its documents and in one that
does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag_core.diagnosis import Expected, How, Location, how_found, locate, locate_elsewhere, same_text
from rag_core.diagnosis.elsewhere import TRIED
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


class Counted(Searched):
    """It counts its searches."""

    searches = 0

    def similar_passages(self, name: str) -> list[Passage]:
        self.searches += 1
        return super().similar_passages(name)


class CountedFiles(Listed):
    """It counts the texts that are read of a list of documents."""

    read = 0

    def documents(self) -> list[Document]:
        return [Read(self, one) for one in super().documents()]  # type: ignore[misc]


class Read:
    """A document that counts, in its files, how often its text is read."""

    def __init__(self, files: CountedFiles, one: Document) -> None:
        self.files, self.one, self.id, self.title = files, one, one.id, one.title

    @property
    def text(self) -> str:
        self.files.read += 1
        return self.one.text


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


STORY = ("refunds.md", "Stories", "Once upon a time.")


@pytest.mark.parametrize("made", [Listed, Searched])
@pytest.mark.parametrize(
    ("asked", "there", "found"),
    [
        ({"quote": "five days"}, [("refunds.md", "", TEXT)], ("refunds.md", "refunds.md::0", (15, 24))),
        ({"quote": "five days"}, [STORY, ("7f", "", TEXT)], ("7f", "7f::0", (15, 24))),
        ({"quote": "five days"}, [("7f", "Refunds", "It takes five days.")], ("7f", "7f::0", (9, 18))),
        ({"quote": "five days"}, [], None),
        ({"passage_id": "refunds.md::0"}, [("refunds.md", "", TEXT)], ("refunds.md", "refunds.md::0", None)),
        ({"passage_id": "refunds.md::0"}, [("7f", "", TEXT)], ("7f", "7f::0", None)),
        ({"passage_id": "refunds.md::0"}, [STORY, ("7f", "", TEXT)], ("7f", "7f::0", None)),
        ({"passage_id": "refunds.md::0", "quote": "five days"}, [("7f", "", TEXT)], ("7f", "7f::0", (15, 24))),
        ({"passage_id": "refunds.md::0"}, [STORY], ("refunds.md", "refunds.md::0", None)),
    ],
)
def test_a_quote_and_a_passage_narrow_the_document_that_is_found(
    made: Callable[..., Listed | Searched], asked: dict[str, str], there: list[tuple[str, str, str]],
    found: tuple[str, str, tuple[int, int] | None] | None,
) -> None:  # fmt: skip
    then = locate(Listed(("refunds.md", "Refunds", TEXT)), Expected(document="refunds.md", **asked))
    now = locate_elsewhere(made(*there, OTHER), then)
    if found is None:
        assert not now.in_corpus and now.expected == then.expected
    else:
        ((one,), (span,)) = now.passages, now.spans
        assert (now.document_id, one.id, span) == found and now.expected.quote == then.expected.quote


@pytest.mark.parametrize("made", [Listed, Searched])
@pytest.mark.parametrize(
    ("asked", "there", "why"),
    [
        ({"quote": "five days"}, STORY, "these words"),
        ({"passage_id": "refunds.md::0"}, ("7f", "Refunds", "Other words of it."), "no passage refunds.md::0"),
    ],
)
def test_what_narrows_it_and_is_not_there_is_said(
    made: Callable[..., Listed | Searched], asked: dict[str, str], there: tuple[str, str, str], why: str
) -> None:
    then = locate(Listed(("refunds.md", "Refunds", TEXT)), Expected(document="refunds.md", **asked))
    with pytest.raises(BadInput, match=why):
        locate_elsewhere(made(there, OTHER), then)


def test_a_few_passages_are_searched_for_and_each_document_is_read_once() -> None:
    many = THEN.with_(passages=tuple(passage(f"p{n}", "", f"Passage number {n} of it.") for n in range(300)))
    index, files = Counted(OTHER), CountedFiles(*[(f"{n}", "", "Nothing of it here.") for n in range(20)])
    assert not locate_elsewhere(index, many).in_corpus and index.searches == TRIED + 3  # id, name, title
    assert not locate_elsewhere(files, many).in_corpus and files.read == 20


@pytest.mark.parametrize("made", [Listed, Searched])
def test_the_longest_text_decides(made: Callable[..., Listed | Searched]) -> None:
    notice = "All rights are reserved."
    both = THEN.with_(passages=(passage("refunds.md", "", notice), passage("refunds.md", "", TEXT)))
    assert locate_elsewhere(made(("a", "", notice), ("b", "", TEXT)), both).document_id == "b"


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
