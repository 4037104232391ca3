"""How numbers and names are written everywhere: ordinals, counts, scores with their space, thresholds, titles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from rag_core.schema.documents import MADE_UP, Passage
from rag_core.schema.spaces import ScoreSpace

if TYPE_CHECKING:
    from rag_core.schema.documents import CollectionRef
    from rag_core.schema.trace import Trace

Key = TypeVar("Key", bound=Hashable)


def told_apart(names: Mapping[Key, str], *details: Mapping[Key, str]) -> dict[Key, str]:
    """The names, those that are equal followed by the first detail that tells them apart, then the next.

    >>> told_apart({1: "SSO", 2: "SSO", 3: "Plans"}, {1: "okta.md", 2: "entra.md", 3: "plans.md"})
    {1: 'SSO · okta.md', 2: 'SSO · entra.md', 3: 'Plans'}
    """
    names = dict(names)
    for detail in details:
        count = Counter(names.values())
        names = {
            key: f"{name} · {detail[key]}" if count[name] > 1 and detail[key] else name for key, name in names.items()
        }
    return names


def titles_of(passages: Iterable[Passage]) -> dict[str, str]:
    """The title of each passage by its id; where several are equal with the document, then with the part of it.

    A document id that was made from a text says nothing: the first words stand in its place.
    """
    by_id = {passage.id: passage for passage in passages}
    documents = {
        key: one.first_words if one.document_id.startswith(MADE_UP) else one.document_id for key, one in by_id.items()
    }
    parts = {key: f"from character {one.start:,}" for key, one in by_id.items()}
    return told_apart({key: title_of(one) for key, one in by_id.items()}, documents, parts)


def title_of(passage: Passage) -> str:
    """A short name of a passage: its document's title, with the last heading where that says more."""
    title = passage.name
    last = passage.heading_path[-1] if passage.heading_path else ""
    return f"{title}: {last}" if last and _letters(last) != _letters(title) else title


def document_of(passage: Passage) -> str:
    """The document's id beside the title; empty where it says nothing more."""
    shown = passage.document_id
    return "" if shown == title_of(passage) or shown.startswith(MADE_UP) else shown


def _letters(text: str) -> str:
    """A heading without its case and marks: `Terms - EU` and `Terms: EU` say the same."""
    return "".join(character for character in text.casefold() if character.isalnum())


def nearest_titles(titles: Iterable[str]) -> str:
    """`The nearest titles are “Plans”, “Prices”.`; empty where none is near."""
    near = ", ".join(f"“{title}”" for title in titles)
    return f"The nearest titles are {near}." if near else ""


def ordinal(number: int) -> str:
    """1 -> 1st, 2 -> 2nd, 3 -> 3rd, 4 -> 4th, 11 -> 11th, 21 -> 21st."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def verb(number: int, one: str = "is", more: str = "are") -> str:
    """The verb that agrees with a number: `1 of the 5 is`, `2 of the 5 are`."""
    return one if number == 1 else more


def count_of(number: int, noun: str) -> str:
    """`1 document`, `1,204 documents`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size_text(collection: CollectionRef) -> str:
    """`8 documents, 11 passages`; the passages alone of an index, which does not count its documents."""
    passages = count_of(collection.passages, "passage")
    return f"{count_of(collection.documents, 'document')}, {passages}" if collection.documents else passages


def score_text(score: float, space: ScoreSpace) -> str:
    """A score with its space, as it is shown everywhere: `probability 0.91`, `rrf 0.0311`. Of a list that was recorded
    without scores, whose ranks stand in their place: `no score`.

    >>> score_text(0.913, ScoreSpace.PROBABILITY), score_text(3.0, ScoreSpace.RANK), score_text(4.2, ScoreSpace.UNKNOWN)
    ('probability 0.91', 'no score', '4.20 (scale not recorded)')
    """
    if space is ScoreSpace.RANK:
        return "no score"
    number = score_number(score, space)
    return f"{number} (scale not recorded)" if space is ScoreSpace.UNKNOWN else f"{space} {number}"


def score_number(score: float, space: ScoreSpace) -> str:
    """A score as `score_text` shows it, without its space, where that was just named: `0.91`, `0.004`, `0.0311`.

    A probability under 0.1 gets a third decimal: of a model that is seldom sure, that is where most lie. One that
    three would make 0 is `less than 0.001`.
    """
    digits = {ScoreSpace.RRF: 4, ScoreSpace.BM25: 1, ScoreSpace.TS_RANK_CD: 3}.get(space, 2)
    if space is ScoreSpace.PROBABILITY and 0 < score < 0.0995:
        digits = 3
        if score < 0.0005:
            return "less than 0.001"
    return f"{score:.{digits}f}"


def threshold_text(minimum: float) -> str:
    """A threshold as it is shown everywhere, with the third decimal that it may be set to: `0.50`, `0.125`. One in the
    unit of small scores has more: `0.00034`."""
    if 0 < abs(minimum) < 0.001:
        return f"{minimum:.2g}"
    return f"{minimum:.2f}" if round(minimum, 2) == round(minimum, 3) else f"{minimum:.3f}"


def cut_text(trace: Trace) -> str:
    """Where the threshold cut this run, with its space: `probability 0.01`; 0 where it cut nothing."""
    return f"{trace.relevance_space} {threshold_text(trace.lowest_kept or 0.0)}"
