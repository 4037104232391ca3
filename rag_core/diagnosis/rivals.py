"""What took the place of an expected chunk at the step where it was lost, or is cited instead of it, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag_core.diagnosis.standing import Standing
from rag_core.diagnosis.verdicts import Rival, Verdict
from rag_core.narrative import ordinal, score_number, score_text, title_of
from rag_core.trace import Step, Trace
from rag_core.types import Hit, StageName

FIRST = 5
"""How many rivals a diagnosis names."""


def rivals(verdict: Verdict, trace: Trace, standing: Standing) -> tuple[Rival, ...]:
    """At most `FIRST` candidates that took the places or are cited instead, best first; none where none is to blame."""
    if verdict not in _WHO:
        return ()
    stage, who, why = _WHO[verdict]
    found = who(standing)[:FIRST]
    return tuple(
        Rival(chunk_id=hit.chunk_id, title=title_of(trace.chunks[hit.chunk_id]), step=_step(trace, stage, hit),
              why=why(standing, hit))
        for hit in found
    )  # fmt: skip


def _step(trace: Trace, stage: StageName, hit: Hit) -> Step:
    return Step(stage=stage, space=trace[stage].space, rank=hit.rank, score=hit.score, of=len(trace[stage].hits))


def _head(stage: StageName) -> Callable[[Standing], Sequence[Hit]]:
    """The first hits of the stage."""
    return lambda s: s.trace[stage].hits


def _last_in_pool(s: Standing) -> Sequence[Hit]:
    """The candidates that held the last places of what was read: of the pool, or by the first pass, where the chunk
    did not come that far. With their fused ranks."""
    if s.trace.screening and not s.screened:
        return s.trace.head[-FIRST:]
    fused = s.trace[StageName.FUSED].by_chunk
    return [fused[hit.chunk_id] for hit in s.trace.pool_read[-FIRST:]]


def _last_handed_on(s: Standing) -> Sequence[Hit]:
    """The candidates that the first pass handed on last."""
    return s.trace.pool[-FIRST:]


def _overtakers(stage: StageName) -> Callable[[Standing], Sequence[Hit]]:
    """Those that stood behind it before the stage and before it after."""

    def who(s: Standing) -> Sequence[Hit]:
        before = s.trace.before(stage)
        ours = s.rank(before.name)
        return [h for h in s.trace[stage].hits[: s.rank(stage) - 1] if before.by_chunk[h.chunk_id].rank > ours]

    return who


def _above(s: Standing) -> Sequence[Hit]:
    """The kept ones that stood before it."""
    return [hit for hit in s.trace[StageName.KEPT].hits if hit.chunk_id != s.chunk.id]


def _cited(s: Standing) -> Sequence[Hit]:
    """The kept ones that the answer cites."""
    cited = {one.chunk_id for one in s.trace.answer.citations} if s.trace.answer else set()
    return [hit for hit in s.trace[StageName.KEPT].hits if hit.chunk_id in cited]


def _by_search(s: Standing, hit: Hit) -> str:
    """Its two search ranks against ours."""
    ours = _search_ranks(s.trace, s.chunk.id)
    return f"{_search_ranks(s.trace, hit.chunk_id)}; the expected passage {ours}"


def _search_ranks(trace: Trace, chunk_id: str) -> str:
    parts = []
    for stage in (StageName.DENSE, StageName.LEXICAL):
        hit = trace[stage].by_chunk.get(chunk_id)
        parts.append(f"{stage} {ordinal(hit.rank)}" if hit else f"not in {stage}")
    extras = [(run.name, one, one.by_chunk.get(chunk_id)) for run in trace.extras for one in run.stages]
    parts += [f"“{name}” {one.name} {ordinal(hit.rank)}" for name, one, hit in extras if hit]
    return ", ".join(parts)


def _by_score(stage: StageName) -> Callable[[Standing, Hit], str]:
    """Its score against ours, the space named once: `probability 0.15 against 0.12`."""

    def why(s: Standing, hit: Hit) -> str:
        space, ours = s.trace[stage].space, s.hit(stage)
        theirs = s.trace[stage].by_chunk[hit.chunk_id]
        text = score_text(theirs.score, space)
        return f"{text} against {score_number(ours.score, space)}" if ours else text

    return why


def _by_place(s: Standing, hit: Hit) -> str:
    """Where it was given to the answer, and where ours was."""
    return f"passage {hit.rank} against {s.rank(StageName.KEPT)}"


def _by_parts(s: Standing, hit: Hit) -> str:
    """The signal whose weighted part put it ahead most."""
    ours = s.hit(StageName.ADJUSTED)
    if ours is None or not hit.parts:
        return _by_score(StageName.ADJUSTED)(s, hit)
    weights = s.trace.policy.signals
    lead = {name: getattr(weights, name) * (part - ours.parts[name]) for name, part in hit.parts.items()}
    name = max(lead, key=lambda key: lead[key])
    return f"{name} {hit.parts[name]:.2f} against {ours.parts[name]:.2f} (weight {getattr(weights, name):g})"


def _by_reranker(stage: StageName) -> Callable[[Standing, Hit], str]:
    """Its score against ours, and where it came from."""

    def why(s: Standing, hit: Hit) -> str:
        before = s.trace.before(stage).by_chunk[hit.chunk_id].rank
        return f"{_by_score(stage)(s, hit)}; it came from {ordinal(before)}"

    return why


Who = Callable[[Standing], Sequence[Hit]]
Why = Callable[[Standing, Hit], str]

_WHO: dict[Verdict, tuple[StageName, Who, Why]] = {
    Verdict.MISSED_BY_BOTH: (StageName.DENSE, _head(StageName.DENSE), _by_score(StageName.DENSE)),
    Verdict.MISSED_BY_DENSE: (StageName.DENSE, _head(StageName.DENSE), _by_score(StageName.DENSE)),
    Verdict.MISSED_BY_LEXICAL: (StageName.LEXICAL, _head(StageName.LEXICAL), _by_score(StageName.LEXICAL)),
    Verdict.FUSED_OUT: (StageName.FUSED, _last_in_pool, _by_search),
    Verdict.CUT_BY_SCREEN: (StageName.SCREENED, _last_handed_on, _by_reranker(StageName.SCREENED)),
    Verdict.UNREAD: (StageName.KEPT, _above, _by_score(StageName.RERANKED)),
    Verdict.DEMOTED: (StageName.RERANKED, _overtakers(StageName.RERANKED), _by_reranker(StageName.RERANKED)),
    Verdict.PUSHED_DOWN: (StageName.ADJUSTED, _overtakers(StageName.ADJUSTED), _by_parts),
    Verdict.CUT_BY_TOP_K: (StageName.KEPT, _above, _by_parts),
    Verdict.NOT_CITED: (StageName.KEPT, _cited, _by_place),
}
