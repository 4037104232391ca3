"""What the app says of a connected index: its parts, what a try found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of, score_number, title_of

if TYPE_CHECKING:
    from rag_core.retrieval.engines.index_config import IndexConfig
    from rag_core.retrieval.engines.model_check import ModelCheck

PARTS = {
    "id": ("Id", "Unique for each passage."),
    "text": ("Text", "What is read and shown."),
    "title": ("Title", ""),
    "vector": ("Vector", ""),
    "metadata": ("Metadata", "An object of further fields, which filters can use."),
    "document": (
        "Document",
        "The id of the document that a passage is of. None: each passage is a document of its own.",
    ),
    "source": ("Source", "The kind of origin: policy, chat."),
    "language": ("Language", ""),
    "updated": ("Updated", "A date."),
    "tenant": ("Tenant", ""),
    "lexical": ("Words", "A column that is made for the search by words (tsvector). None: the text."),
}
"""What each part is called, and its help."""


def tried_sentence(run: Trace, config: IndexConfig, check: ModelCheck) -> str:
    """How many passages were found in what time, and whether the model fits."""
    found = {hit.passage_id for step in run.lists.values() for hit in step.hits}
    took = max(step.timing.ended_ms for step in run.lists.values())
    return f"{config.place} found {count_of(len(found), 'passage')} in {took:.0f} ms. {check}"


def found_rows(run: Trace) -> list[dict[str, object]]:
    """A row for each passage that was kept: its rank, id, title, text and its score in each search."""
    rows: list[dict[str, object]] = []
    for hit in run.kept_step.hits:
        passage = run.passages[hit.passage_id]
        row: dict[str, object] = {"Rank": hit.rank, "Id": passage.id, "Title": title_of(passage), "Text": passage.text}
        for name, step in run.lists.items():
            if there := step.by_passage.get(passage.id):
                row[f"{name.capitalize()} ({step.space})"] = score_number(there.score, step.space)
        rows.append(row)
    return rows
