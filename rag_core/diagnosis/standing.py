"""Where an expected chunk stood in a run, read from the trace: the facts that verdicts are told by."""

from __future__ import annotations

from dataclasses import dataclass

from rag_core.diagnosis.expected import Location
from rag_core.retrieval.tokens import tokenize
from rag_core.threshold import passes
from rag_core.trace import Trace
from rag_core.types import Chunk, Hit, PairScore, Stage, StageName

LAST = 10**9
"""A rank behind all others, for a chunk that did not come out of a stage."""


@dataclass(frozen=True)
class Standing:
    """One chunk's hits in one run; None where it did not come out of the stage."""

    trace: Trace
    chunk: Chunk
    span: tuple[int, int] | None = None

    def hit(self, stage: StageName) -> Hit | None:
        """The chunk's hit at that stage."""
        return self.trace[stage].by_chunk.get(self.chunk.id)

    def rank(self, stage: StageName) -> int:
        """Its rank at that stage; `LAST` where it did not come out."""
        hit = self.hit(stage)
        return hit.rank if hit else LAST

    @property
    def kept(self) -> bool:
        """True where it was given to the answer."""
        return self.hit(StageName.KEPT) is not None

    @property
    def pooled(self) -> bool:
        """True where the reranker had it in its pool."""
        return self.hit(StageName.RERANKED) is not None

    @property
    def screened(self) -> bool:
        """True where the first pass read it; False where there was none."""
        return self.trace.screening is not None and self.hit(StageName.SCREENED) is not None

    @property
    def screened_out(self) -> bool:
        """True where the first pass read it and did not hand it on."""
        return self.chunk.id in {hit.chunk_id for hit in self.trace.screened_out}

    @property
    def searched_best(self) -> int:
        """The best of its search ranks, those in extra searches included."""
        extra = (hit.rank for _, _, hit in self.extra_hits)
        return min(self.rank(StageName.DENSE), self.rank(StageName.LEXICAL), *extra)

    @property
    def extra_hits(self) -> list[tuple[str, Stage, Hit]]:
        """Where extra searches found it: the search's name, which of its lists, the hit."""
        return [
            (run.name, stage, stage.by_chunk[self.chunk.id])
            for run in self.trace.extras
            for stage in run.stages
            if self.chunk.id in stage.by_chunk
        ]

    @property
    def pair(self) -> PairScore | None:
        """What the reranker said of it, where it did."""
        return self.trace.pairs.get(self.chunk.id)

    @property
    def over_threshold(self) -> bool:
        """True where its relevance is at or over the threshold, or nothing cuts it."""
        relevance = self.trace.relevance[self.chunk.id]
        return passes(self.trace.policy.threshold, self.trace.relevance_space, relevance)

    @property
    def cited(self) -> bool:
        """True where the answer cites it."""
        answer = self.trace.answer
        return answer is not None and any(one.chunk_id == self.chunk.id for one in answer.citations)

    def telling_part_unread(self) -> bool:
        """True where the model's limit cut off the words that answer.

        With a quote: its end lay beyond what was read. Without one: more words of the question stand only in the
        unread part than stand in the part that was read.
        """
        if self.pair is None or not self.pair.unseen_tokens or self.pair.seen_chars is None:
            return False
        seen = max(0, self.pair.seen_chars - (len(self.chunk.reading) - len(self.chunk.text)))
        if self.span:
            return self.span[1] > seen
        asked = set(tokenize(self.trace.query))
        read = asked & set(tokenize(self.chunk.text[:seen]))
        return len(asked & set(tokenize(self.chunk.text[seen:])) - read) > len(read)


def furthest(trace: Trace, location: Location) -> Standing:
    """The expected chunk that came furthest. The location holds at least one."""
    standings = [Standing(trace, chunk, location.span_in(chunk.id)) for chunk in location.chunks]
    return min(standings, key=_progress)


def _progress(standing: Standing) -> tuple[int, ...]:
    screened = [StageName.SCREENED] if standing.trace.screening else []
    stages = (StageName.KEPT, StageName.ADJUSTED, *screened, StageName.FUSED)
    return (not standing.cited, *(standing.rank(stage) for stage in stages), standing.searched_best)
