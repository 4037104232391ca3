"""A trace as a table: a row per candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_core.schema.spaces import ScoreSpace

if TYPE_CHECKING:
    import pandas as pd

    from rag_core.schema.trace import Trace


def frame_of(trace: Trace) -> pd.DataFrame:
    """A row per candidate in fused order; `Trace.frame` says which columns."""
    import pandas as pd

    rows = [_row(trace, hit.passage_id) for hit in trace.fused_step.hits]
    frame = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["passage_id"])
    whole = [name for name in frame.columns if name.endswith("_rank") or name == "unseen_tokens"]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def _row(trace: Trace, passage_id: str) -> dict[str, object]:
    passage, pair = trace.passages[passage_id], trace.pairs.get(passage_id)
    row: dict[str, object] = {
        "passage_id": passage.id,
        "document_id": passage.document_id,
        "title": passage.name,
        "heading": passage.heading,
        "source": passage.source,
        "outcome": trace.outcome(passage.id),
        "found_by": ", ".join(trace.found_by(passage.id)),
    }
    for at in trace.ranks_by_step(passage.id):
        row[f"{at.step}_rank"] = at.rank
        if at.space is not ScoreSpace.RANK:
            row[f"{at.step}_score"] = at.score
    for run in trace.extra_searches:
        for step in run.steps:
            there = step.by_passage.get(passage.id)
            row[f"{run.name} {step.name}_rank"] = there.rank if there else None
    return row | {"unseen_tokens": pair.unseen_tokens if pair else None, "text": passage.text}
