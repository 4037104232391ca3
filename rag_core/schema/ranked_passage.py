"""A candidate of one run with all that is known of it: its text, its rank at each step, its score."""

from __future__ import annotations

from dataclasses import dataclass, field

from rag_core.schema.documents import Passage
from rag_core.schema.spaces import ScoreSpace


@dataclass(frozen=True)
class RankedPassage:
    """A passage where one run ranked it.

    rank     its rank after the last step that orders, from 1
    ranks    its rank at each step that it came out of, by the step's name: `{"dense": 3, "lexical": 1, ...}`
    score    its relevance, in the score space `space`; None where no reranker read it
    outcome  what became of it: "kept", "cut by top-k", "under the threshold", ...
    """

    passage: Passage = field(repr=False)
    rank: int
    ranks: dict[str, int]
    score: float | None
    space: ScoreSpace
    outcome: str

    @property
    def id(self) -> str:
        """The passage's id."""
        return self.passage.id

    @property
    def text(self) -> str:
        """The passage's text."""
        return self.passage.text

    @property
    def title(self) -> str:
        """The title of the passage's document."""
        return self.passage.name
