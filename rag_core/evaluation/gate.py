"""A verdict for other people's CI: is a metric under its minimum, or clearly worse than a saved baseline?"""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.errors import BadInput
from rag_core.evaluation import metrics
from rag_core.evaluation.compare import aligned, compare_metric
from rag_core.evaluation.report import Report
from rag_core.schema.base import Frozen


class GateRequirement(Frozen):
    """A metric and the least mean that passes."""

    metric: str
    minimum: float


def parse(text: str) -> GateRequirement:
    """`nDCG@10=0.80` as a requirement. Raises BadInput where it is not one."""
    name, _, value = text.partition("=")
    try:
        minimum = float(value)
    except ValueError:
        minimum = -1.0
    if not 0 <= minimum <= 1:
        raise BadInput(f"{text!r} is not a requirement. Write a metric and a minimum from 0 to 1, like nDCG@10=0.80.")
    return GateRequirement(metric=str(metrics.parse(name)), minimum=minimum)


def under(report: Report, requirements: Sequence[GateRequirement], step: str) -> list[str]:
    """A sentence for every requirement that the step does not meet."""
    return [
        f"{one.metric} of the step {step} is {report.mean(step, one.metric):.4f}, under {one.minimum:g}."
        for one in requirements
        if report.mean(step, one.metric) < one.minimum
    ]


def worse(report: Report, baseline: Report, names: Sequence[str], step: str) -> tuple[list[str], list[str]]:
    """(failures, remarks) of a comparison with a saved evaluation, over the queries that both have.

    A metric fails where it is clearly worse (`Comparison.clear`). Raises BadInput where the two cannot be
    compared: no common query, or a metric or step that the baseline does not have.
    """
    failures: list[str] = []
    remarks: list[str] = []
    for name in names:
        if name not in baseline.values.get(step, {}):
            raise BadInput(f"The baseline has no {name} of the step {step}. Save a new baseline with it.")
        ids, old, new = aligned(baseline.values[step][name], report.values[step][name])
        if not ids:
            raise BadInput("The baseline was measured on other queries; there is nothing to compare.")
        found = compare_metric(old, new)
        told = f"{name} against the baseline: {found.sentence}"
        (failures if found.clear and found.difference < 0 else remarks).append(told)
    return failures, remarks + _remarks(report, baseline)


def _remarks(report: Report, baseline: Report) -> list[str]:
    """What makes the two less alike than they look."""
    told = []
    if report.set_fingerprint != baseline.set_fingerprint:
        told.append("The labelled set has changed since the baseline; the common queries are compared.")
    here, there = report.collection, baseline.collection
    if here and there and here.fingerprint != there.fingerprint:
        told.append("The collection has changed since the baseline.")
    return told
