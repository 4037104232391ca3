"""`diagnose(trace, location) -> Diagnosis`: the first step that explains why the document was not used.

The checks are data, in the order of the steps; the first one that holds is the verdict. What would have kept the
document is `counterfactuals`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.rivals import rivals
from rag_core.diagnosis.sentences import sentence
from rag_core.diagnosis.standing import LAST, Standing, furthest
from rag_core.diagnosis.verdicts import STEPS, Diagnosis, Verdict
from rag_core.trace import Step, Trace
from rag_core.types import StageName


def diagnose(trace: Trace, location: Location) -> Diagnosis:
    """Where the expected document was lost in this run, with its evidence.

    Of several expected chunks the one that came furthest counts. A document that was kept gives `kept`, or
    `not-cited` where the trace holds an answer that cites none of the expected chunks.
    """
    if not location.chunks:
        verdict = Verdict.CUT_BY_CHUNKING if location.in_corpus else Verdict.NOT_IN_CORPUS
        return Diagnosis(verdict=verdict, sentence=sentence(verdict, trace, location, None))
    standing = furthest(trace, location)
    verdict = _verdict(standing, trace, location)
    way = {step.stage: step for step in trace.way_of(standing.chunk.id)}
    before, after = (way[stage] if stage else None for stage in _steps_of(verdict, trace))
    return Diagnosis(
        verdict=verdict,
        sentence=sentence(verdict, trace, location, standing),
        chunk_id=standing.chunk.id,
        way=tuple(way.values()),
        before=_better_search(way) if verdict is Verdict.FUSED_OUT else before,
        after=after,
        rivals=rivals(verdict, trace, standing),
        notes=_notes(verdict, trace, standing),
    )


def _steps_of(verdict: Verdict, trace: Trace) -> tuple[StageName | None, StageName | None]:
    """The stages before and after the loss, as they are in this run."""
    before, after = STEPS[verdict]
    return (trace.before(after).name if after is StageName.RERANKED else before), after


def _verdict(standing: Standing, trace: Trace, location: Location) -> Verdict:
    if trace.where and not any(trace.where.matches(chunk) for chunk in location.chunks):
        return Verdict.FILTERED_OUT
    kept = trace[StageName.KEPT].by_chunk
    if not location.whole and not all(chunk.id in kept for chunk in location.chunks):
        return Verdict.CUT_BY_CHUNKING
    return next(verdict for verdict, holds in CHECKS if holds(standing))


def _missed_by(missing: StageName, other: StageName) -> Callable[[Standing], bool]:
    """Not found by one search, too far down in the other to reach the pool by it alone, nor by an extra search."""

    def holds(s: Standing) -> bool:
        alone = s.rank(missing) == LAST and not s.extra_hits
        return not s.pooled and alone and _read_at_most(s.trace) < s.rank(other) < LAST

    return holds


def _read_at_most(trace: Trace) -> int:
    """How many fused candidates are read at all."""
    return trace.policy.screen.pool if trace.policy.screen else trace.policy.pool


def _fell(stage: StageName) -> Callable[[Standing], bool]:
    """The stage moved it down, and it ended outside the top-k."""

    def holds(s: Standing) -> bool:
        top_k, before = s.trace.policy.top_k, s.trace.before(stage).name
        return s.rank(stage) > max(top_k, s.rank(before)) and s.rank(StageName.ADJUSTED) > top_k

    return holds


CHECKS: tuple[tuple[Verdict, Callable[[Standing], bool]], ...] = (
    (Verdict.NOT_CITED, lambda s: s.kept and s.trace.answer is not None and not s.cited),
    (Verdict.KEPT, lambda s: s.kept),
    (Verdict.MISSED_BY_BOTH, lambda s: s.searched_best == LAST),
    (Verdict.CUT_BY_SCREEN, lambda s: s.screened_out),
    (Verdict.MISSED_BY_DENSE, _missed_by(StageName.DENSE, StageName.LEXICAL)),
    (Verdict.MISSED_BY_LEXICAL, _missed_by(StageName.LEXICAL, StageName.DENSE)),
    (Verdict.FUSED_OUT, lambda s: not s.pooled),
    (Verdict.UNREAD, lambda s: s.telling_part_unread()),
    (Verdict.DEMOTED, _fell(StageName.RERANKED)),
    (Verdict.PUSHED_DOWN, _fell(StageName.ADJUSTED)),
    (Verdict.UNDER_THRESHOLD, lambda s: not s.over_threshold),
    (Verdict.CUT_BY_TOP_K, lambda _: True),
)
"""What settles a verdict for the chunk that came furthest; the first that holds."""


def _better_search(way: Mapping[StageName, Step]) -> Step:
    return min((way[StageName.DENSE], way[StageName.LEXICAL]), key=lambda step: step.rank or LAST)


def _notes(verdict: Verdict, trace: Trace, standing: Standing) -> tuple[str, ...]:
    notes = [
        f"The {'reranker' if stage.name is StageName.RERANKED else 'first pass'} {report.name} did not run: "
        f"{report.reason}"
        for stage, report in trace.passes
        if report.status == "failed"
    ]
    pair = standing.pair
    if pair and pair.unseen_tokens and verdict is not Verdict.UNREAD and standing.span is None:
        notes.append(
            f"The reranker did not read the last {pair.unseen_tokens} of this passage's {pair.tokens} tokens. "
            "Quote the words that answer to know whether they lay there."
        )
    return tuple(notes)
