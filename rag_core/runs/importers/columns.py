"""Which columns of a table of candidates mean what. `guess_columns` proposes, a person may correct."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rag_core.errors import BadInput
from rag_core.runs.values import DIRECTIONS, Direction, Space, StepKind
from rag_core.schema.base import Frozen

NAMES: dict[str, tuple[str, ...]] = {
    "query": ("query", "question", "query_text", "search_query", "prompt"),
    "run": ("run_id", "trace_id", "query_id", "qid", "request_id", "id_query"),
    "passage_id": ("passage_id", "chunk_id", "doc_id", "document_id", "docid", "node_id", "candidate_id", "pid", "id"),
    "text": ("text", "content", "passage", "chunk", "document", "body", "page_content"),
    "title": ("title", "heading", "file_name", "filename", "file_path", "url"),
    "step": ("step", "list", "list_name", "stage", "retriever", "source_list", "system", "method"),
    "rank": ("rank", "position", "place"),
    "score": ("score", "relevance_score", "similarity", "relevance", "distance"),
    "kept": ("kept", "selected", "in_context", "used"),
}
"""Our columns, and what others call them, the likeliest first."""

KINDS: dict[str, StepKind] = {
    **dict.fromkeys(("fused", "fusion", "rrf", "hybrid"), StepKind.FUSION),
    **dict.fromkeys(("rerank", "reranked", "reranker", "cross-encoder"), StepKind.RERANK),
    **dict.fromkeys(("adjusted",), StepKind.ADJUST),
    **dict.fromkeys(("kept", "selected"), StepKind.SELECT),
}
"""Names of lists that say what made them; any other list counts as a search until somebody says otherwise."""

EARLIER = {"before", "pre", "without", "no", "not", "un"}
"""Words that turn a name around: `before rerank` is what came before it."""


class StepMeaning(Frozen):
    """What one list of a table is: what made it, and what its scores mean."""

    kind: StepKind = StepKind.SEARCH
    space: Space = Space.UNKNOWN
    direction: Direction | None = None

    @property
    def better(self) -> Direction | None:
        """Whether higher or lower scores are better; None where nobody said."""
        return self.direction or DIRECTIONS[self.space]


class Columns(Frozen):
    """The column of each part; None where the table has none. A row is a candidate of one list of one query.

    query, run          what was asked; what tells runs of one query apart
    passage_id, text    one of both is needed
    step                the name of the row's list; without it, all rows are one list
    rank                without it, the order of the rows
    kept                yes, true, t or 1 for candidates that went on to the answer, no, false, f or 0 for others
    """

    query: str | None = None
    run: str | None = None
    passage_id: str | None = None
    text: str | None = None
    title: str | None = None
    step: str | None = None
    rank: str | None = None
    score: str | None = None
    kept: str | None = None

    def checked(self, header: Sequence[str]) -> Columns:
        """The same columns. Raises BadInput where they are not enough, or the table does not have one."""
        chosen = {part: name for part, name in dict(self).items() if name is not None}
        if missing := next((name for name in chosen.values() if name not in header), None):
            raise BadInput(f"The table has no column {missing!r}. It has {', '.join(header)}.")
        if self.query is None:
            raise BadInput(f"Say which column is the query. The table has {', '.join(header)}.")
        if self.passage_id is None and self.text is None:
            raise BadInput(f"Say which column is the passage's id or text. The table has {', '.join(header)}.")
        return self


def guess_columns(header: Sequence[str]) -> Columns:
    """What the names say.

    >>> guess_columns(["Question", "doc_id", "content", "score"]).text
    'content'
    """
    lower = {name.strip().lower(): name for name in reversed(header)}
    found: dict[str, str] = {}
    for part, names in NAMES.items():
        taken = set(found.values())
        name = next((lower[one] for one in names if one in lower and lower[one] not in taken), None)
        if name is not None:
            found[part] = name
    return Columns.model_validate(found)


def guess_meaning(step: str, score_column: str | None) -> StepMeaning:
    """What a list's name says of it, and the name of its scores' column: a distance.

    >>> guess_meaning("cohere-rerank", None).kind.value, guess_meaning("before rerank", None).kind.value
    ('rerank', 'search')
    """
    distance = (score_column or "").strip().lower() == "distance"
    return StepMeaning(kind=_kind(step.strip().lower()), space=Space.DISTANCE if distance else Space.UNKNOWN)


def _kind(name: str) -> StepKind:
    """The kind that a name says as a whole, or by one of its words."""
    words = re.findall(r"[a-z]+", name)
    said = {KINDS[word] for word in words if word in KINDS} if not EARLIER & set(words) else set()
    return KINDS.get(name) or (said.pop() if len(said) == 1 else StepKind.SEARCH)


def meanings(
    steps: Sequence[str], score_column: str | None, given: Mapping[str, StepMeaning] | None
) -> dict[str, StepMeaning]:
    """What each list is: as given, else guessed."""
    return {step: (given or {}).get(step) or guess_meaning(step, score_column) for step in steps}
