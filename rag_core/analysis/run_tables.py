"""One run as tables: rank movement, sorted scores, time by step, candidates, what each search brought.

Charts, the report and a notebook draw from these; the sentence over each is in `rag_core.wording.run_captions`.
"""

from __future__ import annotations

import pandas as pd

from rag_core.analysis.latency import bars
from rag_core.analysis.score_distribution import curve
from rag_core.analysis.search_contribution import search_shares
from rag_core.schema.once import once
from rag_core.schema.policy import MAIN
from rag_core.schema.steps import StepKind, StepName
from rag_core.schema.trace import Trace
from rag_core.wording.latency_bars import bar_label, bar_note
from rag_core.wording.numbers import score_text, titles_of
from rag_core.wording.outcomes import worded

CUT = "cut by the first pass"
NOT_RETURNED = "not returned by the reranker"
ENDED = (CUT, NOT_RETURNED)
"""Outcomes of candidates that got no final rank: their line ends before it."""


@once
def movement(trace: Trace) -> pd.DataFrame:
    """A row per candidate that was read: passage_id, title (with its document where titles are equal), before (fused
    rank), first_pass (rank after it, where there is one), after (place before the cut; behind all others for what has
    no final rank), moved (places gained), direction (up, down, same), outcome, score (as shown). A candidate that
    another pipeline's reranker did not return has not moved: nobody recorded where to."""
    rows = []
    titles = titles_of(trace.passages[hit.passage_id] for hit in trace.head)
    for hit in trace.head:
        if hit.passage_id not in trace.places:
            continue
        after = trace.places[hit.passage_id]
        outcome = trace.outcome(hit.passage_id)
        moved = 0 if outcome == NOT_RETURNED else hit.rank - after
        rows.append(
            {
                "passage_id": hit.passage_id,
                "title": titles[hit.passage_id],
                "before": hit.rank,
                "first_pass": trace[StepName.FIRST_PASS].by_passage[hit.passage_id].rank
                if trace.first_pass_summary
                else None,
                "after": after,
                "moved": moved,
                "direction": "up" if moved > 0 else "down" if moved < 0 else "same",
                "outcome": outcome,
                "score": _score(trace, hit.passage_id),
            }
        )
    columns = ["passage_id", "title", "before", "first_pass", "after", "moved", "direction", "outcome", "score"]
    return pd.DataFrame(rows, columns=columns)


def _score(trace: Trace, passage_id: str) -> str:
    """The score of the last step that it came out of, before the cut."""
    step = next(
        one
        for one in (trace.final_step, *reversed(trace.steps))
        if passage_id in one.by_passage and one.kind is not StepKind.SELECT
    )
    return score_text(step.by_passage[passage_id].score, step.space)


@once
def score_places(trace: Trace) -> pd.DataFrame:
    """A row per reranked candidate, highest score first: place, passage_id, title, score (relevance), outcome."""
    scores = curve(trace)
    titles = titles_of(trace.passages[passage_id] for passage_id, _ in scores)
    rows = [
        {
            "place": place,
            "passage_id": passage_id,
            "title": titles[passage_id],
            "score": score,
            "outcome": trace.outcome(passage_id),
        }
        for place, (passage_id, score) in enumerate(scores, start=1)
    ]
    return pd.DataFrame(rows, columns=["place", "passage_id", "title", "score", "outcome"])


@once
def lanes(trace: Trace) -> pd.DataFrame:
    """A row per step (two where it paused): step, kind ("inference" or "load"), its times, estimated, note."""
    rows = [
        (bar_label(bar), bar.kind, bar.started_ms, bar.took_ms, bar.estimated, bar_note(bar)) for bar in bars(trace)
    ]
    return pd.DataFrame(rows, columns=["step", "kind", "started_ms", "took_ms", "estimated", "note"])


@once
def candidates(trace: Trace) -> pd.DataFrame:
    """The candidate table as it is shown: a row per candidate in the final order, then the first pass's, then fused."""
    frame = trace.frame()
    if frame.empty:
        return frame
    places = frame["passage_id"].map(trace.places).fillna(10**6)
    return (
        worded(trace, frame)
        .assign(order=places)
        .sort_values(["order", f"{trace.fused_step.name}_rank"])
        .drop(columns="order")
        .reset_index(drop=True)
    )


@once
def share_table(trace: Trace) -> pd.DataFrame:
    """A row per search: the words and the part of the collection that it looked for, and how much it brought."""
    asked = {MAIN: (trace.query, trace.where), **{run.name: (run.query, run.where) for run in trace.extra_searches}}
    return pd.DataFrame(
        [
            {
                "Search": one.name,
                "Looked for": asked[one.name][0],
                "Looked in": str(asked[one.name][1] or "the whole collection"),
                "Found": one.found,
                "Found alone": one.only,
                "In the pool": one.pooled,
                "Kept": one.kept,
                "Kept alone": one.kept_only,
            }
            for one in search_shares(trace)
        ]
    )
