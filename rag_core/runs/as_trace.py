"""A run of another pipeline as a trace, so that every page, verdict and report reads it as one of ours.

    trace = trace_of(read_run(text))

Nothing is made up. What a trace must have and the run does not is worked out from what was recorded and marked
`inferred`, or stands there empty and marked `unavailable`:

- a hit without a score makes its step one of bare ranks, the space `rank`
- several searches that were never fused become one list in the order of each passage's best rank
- where nothing was selected, the last step's list is what was kept
"""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.errors import BadTrace
from rag_core.runs.run import Run, RunStep
from rag_core.runs.sent import unique_name
from rag_core.runs.values import RunPassage
from rag_core.schema.answers import Answer
from rag_core.schema.documents import CollectionRef, Passage
from rag_core.schema.policy import FULL_DEPTH, NO_RERANKER, Policy
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Evidence, Hit, Step, StepKind, StepWarning, Timing
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import Origin
from rag_core.wording.numbers import verb

FOUND, CANDIDATES, KEPT = "found", "candidates", "kept"
FINDING = (StepKind.SEARCH, StepKind.FUSION)


def trace_of(run: Run) -> Trace:
    """The run as a trace. Raises BadTrace for a run without steps."""
    if not run.steps:
        raise BadTrace(f"The run “{run.query}” has no steps. Record at least one list of passages.")
    recorded = [_step(one, timing) for one, timing in zip(run.steps, _timings(run), strict=True)]
    steps = _counted(_with_what_is_kept(_with_one_list(_with_a_search(recorded))))
    last = next((one for one in reversed(steps) if one.kind is StepKind.RERANK), None)
    named = (last.model or last.name)[:300] if last else NO_RERANKER
    steps[-1] = steps[-1].model_copy(update={"warnings": (*steps[-1].warnings, *_of_the_run(run))})
    longest = _within(max(len(one.hits) for one in steps), FULL_DEPTH)
    return Trace(
        query=run.query,
        policy=Policy(
            depth=longest,
            pool=longest,
            reranker=named,
            top_k=_within(len(steps[-1].hits), 100),
        ),
        collection=CollectionRef(name=run.project, fingerprint="", embedding_model="", documents=0, passages=0),
        measured_at=run.started_at,
        embed=Timing(),
        steps=tuple(steps),
        rerank=_report(named, last, steps),
        passages={one.id: _passage(one) for one in run.passages},
        recorded_answer=Answer(kind="chat", text=run.answer) if run.answer else None,
        origin=Origin(project=run.project, source=run.source, run_id=run.id),
    )


def _within(number: int, most: int) -> int:
    return max(1, min(number, most))


def _timings(run: Run) -> list[Timing]:
    """When each step ran. Where a start was not recorded, the steps lie end to end, in their order."""
    placed = all(one.timing is None or one.timing.started_ms is not None for one in run.steps)
    timings, now_ms = [], 0.0
    for one in run.steps:
        took_ms = one.timing.took_ms if one.timing else 0.0
        started_ms = one.timing.started_ms if placed and one.timing else now_ms
        timings.append(Timing(started_ms=started_ms or 0.0, took_ms=took_ms))
        now_ms = timings[-1].ended_ms
    return timings


def _step(one: RunStep, timing: Timing) -> Step:
    """The step with its ranks counted from 1; where one score is missing, its ranks are its scores."""
    scored = all(hit.score is not None for hit in one.hits)
    return Step(
        name=one.name,
        kind=one.kind,
        inputs=one.inputs,
        space=one.space if scored and one.hits else ScoreSpace.RANK,
        hits=tuple(
            Hit(passage_id=hit.passage_id, rank=place, score=hit.score if scored and hit.score is not None else place)
            for place, hit in enumerate(one.hits, start=1)
        ),
        hits_in=None,
        evidence=one.evidence,
        timing=timing,
        timed=one.timing is not None,
        model=one.model,
        warnings=(
            *(StepWarning(code=note.code, message=note.message) for note in one.warnings),
            *_gaps(one),
            *_unscored(one),
        ),
    )


def _gaps(one: RunStep) -> tuple[StepWarning, ...]:
    """A note where the recorded ranks leave places out."""
    if [hit.rank for hit in one.hits] == list(range(1, len(one.hits) + 1)):
        return ()
    said = f"Its {len(one.hits)} hits were recorded at ranks up to {one.hits[-1].rank}; they are counted from 1 here."
    return (StepWarning(code="ranks-with-gaps", message=said),)


def _unscored(one: RunStep) -> tuple[StepWarning, ...]:
    """A note where some hits have scores that are not shown, since others have none."""
    missing = sum(hit.score is None for hit in one.hits)
    if missing in (0, len(one.hits)):
        return ()
    said = f"{missing} of {len(one.hits)} hits {verb(missing, 'has', 'have')} no score; ranks are shown."
    return (StepWarning(code="scores-missing", message=said),)


def _with_a_search(steps: list[Step]) -> list[Step]:
    """The steps; an unrecorded search before them where the run recorded none."""
    if any(one.kind in FINDING for one in steps):
        return steps
    name = unique_name(FOUND, {one.name for one in steps})
    return [_made(name, StepKind.SEARCH, (), Evidence.UNAVAILABLE), *steps]


def _with_one_list(steps: list[Step]) -> list[Step]:
    """The steps; after several searches that nothing fused, the list of all that they found."""
    searches = [one for one in steps if one.kind is StepKind.SEARCH]
    if len(searches) < 2 or any(one.kind is StepKind.FUSION for one in steps):
        return steps
    best: dict[str, int] = {}
    for hit in (hit for one in searches for hit in one.hits):
        best[hit.passage_id] = min(hit.rank, best.get(hit.passage_id, hit.rank))
    order = sorted(best, key=lambda passage_id: best[passage_id])
    name = unique_name(CANDIDATES, {one.name for one in steps})
    fused = _made(name, StepKind.FUSION, [one.name for one in searches], Evidence.INFERRED, order)
    found = {one.name for one in searches}
    after = [
        one.model_copy(update={"inputs": (name,)}) if found & set(one.inputs) or not one.inputs else one
        for one in steps
        if one.kind is not StepKind.SEARCH
    ]
    return [*searches, fused, *after]


def _with_what_is_kept(steps: list[Step]) -> list[Step]:
    """The steps; at the end what was kept, which is the last list where nothing was selected after it."""
    if steps[-1].kind is StepKind.SELECT:
        return steps
    last = steps[-1]
    name = unique_name(KEPT, {one.name for one in steps})
    kept = _made(name, StepKind.SELECT, (last.name,), Evidence.INFERRED)
    return [*steps, kept.model_copy(update={"space": last.space, "hits": last.hits})]


def _counted(steps: list[Step]) -> list[Step]:
    """The steps; each that reads others with the number of hits that it read."""
    sizes = {one.name: len(one.hits) for one in steps}
    return [
        one.model_copy(update={"hits_in": sum(sizes[name] for name in one.inputs)}) if one.inputs else one
        for one in steps
    ]


def _made(
    name: str, kind: StepKind, inputs: Sequence[str], evidence: Evidence, passage_ids: Sequence[str] = ()
) -> Step:
    """A step that was not recorded."""
    return Step(
        name=name,
        kind=kind,
        inputs=tuple(inputs),
        space=ScoreSpace.RANK,
        hits=tuple(Hit(passage_id=one, rank=place, score=place) for place, one in enumerate(passage_ids, start=1)),
        hits_in=None,
        evidence=evidence,
        timed=False,
    )


def _report(named: str, last: Step | None, steps: Sequence[Step]) -> RerankSummary:
    """What is known of the last reranker."""
    if last is None:
        return RerankSummary(name=NO_RERANKER, model="", status="off")
    read = next((one for one in steps if one.name in last.inputs[:1]), None)
    order = [hit.passage_id for hit in last.hits]
    return RerankSummary(
        name=named,
        model=last.model,
        status="ran",
        pairs_scored=len(read.hits if read else last.hits),
        order_changed=read is not None and order != [hit.passage_id for hit in read.hits][: len(order)],
    )


def _passage(one: RunPassage) -> Passage:
    """The passage; without a text where none was recorded."""
    return Passage(
        id=one.id,
        document_id=one.document_id or one.id,
        start=0,
        end=len(one.text or ""),
        text=one.text or "",
        title=one.title,
        source=one.source,
        metadata=one.metadata,
    )


def _of_the_run(run: Run) -> tuple[StepWarning, ...]:
    """What was noted of the whole run, and that texts are missing: told at its last step."""
    noted = tuple(StepWarning(code=note.code, message=note.message) for note in run.warnings)
    missing = sum(one.text is None for one in run.passages)
    if not missing:
        return noted
    said = f"The text of {missing} of {len(run.passages)} passages was not recorded."
    return (*noted, StepWarning(code="text-missing", message=said))
