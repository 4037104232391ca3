"""Where an expected passage stood in a run, read from the trace: the facts that verdicts are told by."""

from __future__ import annotations

from dataclasses import dataclass

from rag_core.diagnosis.expected import Location
from rag_core.retrieval.tokenize import tokenize
from rag_core.schema.documents import Passage
from rag_core.schema.steps import Hit, PairScore, Step, StepName
from rag_core.schema.trace import Trace

LAST = 10**9
"""A rank behind all others, for a passage that did not come out of a step."""


@dataclass(frozen=True)
class PassageRanks:
    """One passage's hits in one run; None where it did not come out of the step."""

    trace: Trace
    passage: Passage
    span: tuple[int, int] | None = None

    def hit(self, step: str) -> Hit | None:
        """The passage's hit at that step."""
        return self.trace[step].by_passage.get(self.passage.id)

    def rank(self, step: str) -> int:
        """Its rank at that step; `LAST` where it did not come out."""
        hit = self.hit(step)
        return hit.rank if hit else LAST

    @property
    def kept(self) -> bool:
        """True where it was given to the answer."""
        return self.hit(StepName.KEPT) is not None

    @property
    def pooled(self) -> bool:
        """True where the reranker had it in its pool."""
        return self.hit(StepName.RERANKED) is not None

    @property
    def from_first_pass(self) -> bool:
        """True where the first pass read it; False where there was none."""
        return self.trace.first_pass_summary is not None and self.hit(StepName.FIRST_PASS) is not None

    @property
    def cut_by_first_pass(self) -> bool:
        """True where the first pass read it and did not hand it on."""
        return self.passage.id in {hit.passage_id for hit in self.trace.cut_by_first_pass}

    @property
    def searched_best(self) -> int:
        """The best of its search ranks, those in extra searches included."""
        hits = (one.by_passage.get(self.passage.id) for one in self.trace.lists.values())
        return min((hit.rank for hit in hits if hit), default=LAST)

    @property
    def extra_hits(self) -> list[tuple[str, Step, Hit]]:
        """Where extra searches found it: the search's name, which of its lists, the hit."""
        return [
            (run.name, step, step.by_passage[self.passage.id])
            for run in self.trace.extra_searches
            for step in run.steps
            if self.passage.id in step.by_passage
        ]

    @property
    def pair(self) -> PairScore | None:
        """What the reranker said of it, where it did."""
        return self.trace.pairs.get(self.passage.id)

    @property
    def over_threshold(self) -> bool:
        """True where its relevance is at or over the threshold, or nothing cuts it."""
        return self.passage.id in self.trace.over_threshold

    @property
    def cited(self) -> bool:
        """True where the answer cites it."""
        answer = self.trace.recorded_answer
        return answer is not None and any(one.passage_id == self.passage.id for one in answer.citations)

    def telling_part_unread(self) -> bool:
        """True where the model's limit cut off the words that answer.

        With a quote: its end lay beyond what was read. Without one: more words of the question stand only in the
        unread part than stand in the part that was read.
        """
        if self.pair is None or not self.pair.unseen_tokens or self.pair.seen_chars is None:
            return False
        seen = max(0, self.pair.seen_chars - (len(self.passage.model_text) - len(self.passage.text)))
        if self.span:
            return self.span[1] > seen
        asked = set(tokenize(self.trace.query))
        read = asked & set(tokenize(self.passage.text[:seen]))
        return len(asked & set(tokenize(self.passage.text[seen:])) - read) > len(read)


def furthest_passage(trace: Trace, location: Location) -> PassageRanks:
    """The expected passage that came furthest. The location holds at least one."""
    standings = [PassageRanks(trace, passage, location.span_in(passage.id)) for passage in location.passages]
    return min(standings, key=_progress)


def _progress(standing: PassageRanks) -> tuple[int, ...]:
    from_first_pass = [StepName.FIRST_PASS] if standing.trace.first_pass_summary else []
    steps = (StepName.KEPT, StepName.ADJUSTED, *from_first_pass, StepName.FUSED)
    return (not standing.cited, *(standing.rank(step) for step in steps), standing.searched_best)
