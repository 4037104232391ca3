"""Pieces of the corpus page: a document with its passage boundaries, tables of documents and of upload results."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import islice

import pandas as pd
import streamlit as st

from rag_core.corpus.collection import Collection
from rag_core.corpus.storage.orders import FileResult
from rag_core.schema.documents import Document, Passage
from rag_core.wording.file_notes import notes_summary

LISTED = 5_000
"""Rows of the table of documents."""


def documents_table(collection: Collection, wanted: str) -> pd.DataFrame:
    """A row per document whose id, title or text holds the wanted words (case folded), all where none are given; the
    first `LISTED` of them."""
    needle = wanted.casefold().strip()
    rows = (
        {
            "id": document.id,
            "title": document.title,
            "source": document.source,
            "updated": str(document.updated_at or ""),
            "tenant": document.tenant or "",
            "characters": len(document.text),
            "passages": len(collection.texts.rows_of(document.id)),
        }
        for document in collection.documents()
        if not needle or needle in f"{document.id}\n{document.title}\n{document.text}".casefold()
    )
    columns = ["id", "title", "source", "updated", "tenant", "characters", "passages"]
    return _filled(pd.DataFrame(list(islice(rows, LISTED)), columns=columns))


def document_with_passages(document: Document, passages: Sequence[Passage]) -> None:
    """The document's text with each passage in a frame of its own; text that no passage holds stands greyed between."""
    pieces, at = [], 0
    for number, passage in enumerate(sorted(passages, key=lambda one: one.start), start=1):
        pieces.append(_between(document.text[at : passage.start]))
        overlap = max(0, at - passage.start)
        again = f' <i title="characters repeated from the previous passage">{overlap} repeated</i>' if overlap else ""
        path = html.escape(" > ".join(passage.heading_path))
        pieces.append(
            f'<div class="sp-chunk"><span class="sp-chunk-no">{number}</span><span class="sp-path">{path}{again}</span>'
            f"<div>{html.escape(passage.text)}</div></div>"
        )
        at = max(at, passage.end)
    pieces.append(_between(document.text[at:]))
    st.html(f'<div class="sp-passage" data-testid="document">{"".join(pieces)}</div>')


def _between(text: str) -> str:
    """Text that no passage holds (headings, mostly); white space alone is left out."""
    return f'<div class="sp-between">{html.escape(text.strip())}</div>' if text.strip() else ""


def upload_results(files: Sequence[FileResult]) -> pd.DataFrame:
    """A row per file: how many documents came out of it, how it was read, and what was wrong."""
    table = pd.DataFrame(
        [
            {
                "File": file.name,
                "Result": "Read" if file.documents else "Not read",
                "Documents": file.documents,
                "Encoding": file.source.encoding if file.source else "",
                "Notes": notes_summary(file.source.notes) if file.source else "",
                "What was wrong": " ".join(reason for _, reason in file.problems),
            }
            for file in files
        ]
    )
    return _filled(table)


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """The table without the columns in which no row says anything."""
    return table.loc[:, [name for name in table.columns if table.empty or (table[name] != "").any()]]
