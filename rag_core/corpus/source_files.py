"""Which file a document came from, by its id: `faq.csv`, or `faq.csv#3` for a row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile


def file_of(document_id: str, names: Collection[str]) -> str | None:
    """The one of these file names that the document came from: the longest that fits, for a name may hold a `#` too.

    >>> file_of("a.csv#1.md", {"a.csv", "a.csv#1.md"}), file_of("a.csv#2", {"a.csv"}), file_of("b.md", {"a.csv"})
    ('a.csv#1.md', 'a.csv', None)
    """
    if document_id in names:
        return document_id
    cuts = (place for place in range(len(document_id) - 1, 0, -1) if document_id[place] == "#")
    return next((document_id[:place] for place in cuts if document_id[:place] in names), None)


def with_documents(files: Iterable[SourceFile], documents: Sequence[Document]) -> tuple[SourceFile, ...]:
    """The files that any of the documents came from; of a file recorded twice, the later record."""
    by_name = {file.name: file for file in files}
    used = {file_of(document.id, by_name) for document in documents}
    return tuple(file for name, file in by_name.items() if name in used)


def replaced_documents(
    known: Iterable[Document], before: Iterable[SourceFile], documents: Iterable[Document], files: Iterable[SourceFile]
) -> set[str]:
    """Ids of the known documents that go when `documents` of `files` are added: those of the same id, and all that
    came from a file of the same name. `before`: the files of the known ones."""
    new, names = {document.id for document in documents}, {file.name for file in files}
    all_names = names | {file.name for file in before}
    return {each.id for each in known if each.id in new or file_of(each.id, all_names) in names}
