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


def with_documents(files: Iterable[SourceFile], document_ids: Iterable[str]) -> tuple[SourceFile, ...]:
    """The files that any of the documents came from; of a file recorded twice, the later record."""
    by_name = {file.name: file for file in files}
    used = {file_of(one, by_name) for one in document_ids} if by_name else set()
    return tuple(file for name, file in by_name.items() if name in used)


def replaced_documents(
    known: Sequence[str], before: Iterable[SourceFile], documents: Iterable[Document], files: Iterable[SourceFile]
) -> set[str]:
    """Ids of the known documents that go when `documents` of `files` are added: those of the same id, and all that
    came from a file of the same name. `known`: the ids; `before`: the files of the known ones."""
    names = {file.name for file in files}
    all_names = names | {file.name for file in before}
    same = {document.id for document in documents}.intersection(known)
    begin = tuple(names)
    rows = (one for one in known if one.startswith(begin)) if begin else ()
    return same | {one for one in rows if file_of(one, all_names) in names}
