"""What one query measured: facts that models paid for, once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import (
    Field,
    FiniteFloat,
)

from rag_core.schema.answers import Message
from rag_core.schema.base import Frozen
from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.filters import Filter
from rag_core.schema.paid_calls import EmbeddingCalls
from rag_core.schema.policy import (
    MOST_REWRITTEN,
)
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore, StepWarning, Timing

Vector = tuple[FiniteFloat, ...]


class RankedList(Frozen):
    """One ranked list as measured, best first. `terms`: query terms that matched (lexical search only).

    `space`: what its scores mean; None: cosine of the dense search, BM25 of the lexical one. `unavailable`: why there
    is no list, in a sentence, where the engine has no such search.
    """

    found: tuple[tuple[str, FiniteFloat], ...]
    timing: Timing
    terms: tuple[str, ...] = ()
    warnings: tuple[StepWarning, ...] = ()
    space: ScoreSpace | None = None
    unavailable: str = ""


class SearchRun(Frozen):
    """An extra search as measured: both lists to full depth, for these words, under this filter (the run's included).

    Name, weight and depth are the policy's, so changing them is a replay. Its times count from the start of its round:
    searches of one `round` began together, those of round 0 with the main search. `embed` takes nothing where another
    search had embedded the same text; it then starts when that vector was there. `embedding`: what a service or server
    was asked for the vector; None where nothing was sent.
    """

    query: str
    where: Filter | None = None
    round: Annotated[int, Field(ge=0)] = 1
    embed: Timing
    embedding: EmbeddingCalls | None = None
    dense: RankedList
    lexical: RankedList


class Rewriting(Frozen):
    """What a chat model made of the question, and what that took. Token counts are the server's, None without any.

    `queries` are searched beside the question; none where it only repeated it. `failure` is None, or says in words why
    there are none. `requests`: how many were sent for it, earlier tries included.
    """

    model: str
    queries: Annotated[tuple[str, ...], Field(max_length=MOST_REWRITTEN)] = ()
    prompt: tuple[Message, ...] = ()
    timing: Timing = Timing()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    dollars: FiniteFloat | None = None
    requests: Annotated[int, Field(ge=0)] = 1
    failure: str | None = None


class RerankerScores(Frozen):
    """What one reranker measured for this query: pair scores by passage id, and what that cost.

    `failure` is None, or says in words why there are no scores (or not for all); `notes` are lesser troubles, such
    as a cache that could not be read. Times in milliseconds, of the scoring calls of this measurement, added up;
    `load_ms` is model loading and not part of `timing`. `units` is what a hosted service billed, in units of its own.
    `requests`: how many were sent to a service, a server or a chat model, those that failed included.
    `runs_on`: what computes the scores, in words (`OpenVINO, bf16`); empty where the reranker does not say.
    `model` is empty where a failure came before any model was there; `space` then says nothing.
    """

    model: str
    space: ScoreSpace
    runs_on: str = ""
    pairs: dict[str, PairScore] = {}
    timing: Timing = Timing()
    load_ms: FiniteFloat = 0.0
    tokenise_ms: FiniteFloat = 0.0
    tokens: int = 0
    batches: int = 0
    units: FiniteFloat = 0.0
    requests: int = 0
    failure: str | None = None
    notes: tuple[StepWarning, ...] = ()


class Measurement(Frozen):
    """Everything that was paid for once. `rerankings` is keyed by the policy's `reranker`, `vectors` by the text.
    `hybrid`: the engine's own fusion; None where it was not asked for. `embedding`: as in `SearchRun`."""

    query: str
    where: Filter | None = None
    collection: CollectionRef
    measured_at: datetime
    depth: int
    embed: Timing
    embedding: EmbeddingCalls | None = None
    model_load_ms: FiniteFloat = 0.0
    dense: RankedList
    lexical: RankedList
    hybrid: RankedList | None = None
    passages: dict[str, Passage]
    rerankings: dict[str, RerankerScores] = {}
    vectors: dict[str, Vector] = {}
    extra_searches: tuple[SearchRun, ...] = ()
    rewriting: Rewriting | None = None
