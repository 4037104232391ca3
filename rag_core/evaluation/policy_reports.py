"""Several policies on the same labelled questions, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.evaluation.report import Report, between
from rag_core.schema.base import Frozen
from rag_core.schema.policy import FirstPass, Policy
from rag_core.wording.first_pass import first_pass_text

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("nDCG@10", "RR@10", "R@100")
"""What `frame` shows, unless you name others."""


@dataclass(frozen=True)
class PolicyReports:
    """A report for each policy, in your order."""

    rows: tuple[tuple[Policy, Report], ...]

    @property
    def reports(self) -> tuple[Report, ...]:
        """The reports alone."""
        return tuple(report for _, report in self.rows)

    def frame(self, metrics: Sequence[str] = METRICS, step: str | None = None) -> pd.DataFrame:
        """A row per policy: each metric's mean, and how far it is from the first policy's with its 95% interval;
        None where too few queries were compared to bound it.

        step: the order that is measured ("fused", "reranked", "kept", ...); None: the last one before the cut.
        """
        import pandas as pd

        first = self.rows[0][1]
        table = []
        for policy, report in self.rows:
            name = step or report.after
            row: dict[str, object] = {"policy": difference(policy)}
            for metric in metrics:
                row[metric] = report.mean(name, metric)
                change = between(first.values[name][metric], report.values[name][metric])
                row[f"{metric} against the first"] = change.difference
                row[f"{metric} interval"] = (change.low, change.high) if change.bounded else None
            table.append(row)
        return pd.DataFrame(table)

    def __repr__(self) -> str:
        return self.frame(METRICS[:1]).to_string(index=False)

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False))


def difference(policy: Policy) -> str:
    """What tells a policy from the default one: `reranker=none, pool=20`; `default` where it is that.

    One without a first pass is told from the default one without it, so that another reranker alone is `reranker=...`.
    """
    default = Policy() if policy.first_pass else Policy(first_pass=None)
    changed = [name for name in Policy.model_fields if getattr(policy, name) != getattr(default, name)]
    if policy.first_pass is None and "reranker" not in changed:
        changed.insert(0, "first_pass")
    return ", ".join(f"{name}={_shown(getattr(policy, name))}" for name in changed) or "default"


def _shown(value: object) -> object:
    """A first pass as `late-interaction over 100 + 0.3 cosine`, other values as their fields."""
    if isinstance(value, FirstPass):
        return first_pass_text(value)
    return value.model_dump() if isinstance(value, Frozen) else value
