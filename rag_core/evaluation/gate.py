"""A verdict for other people's CI: is a metric under its minimum, or clearly worse than a saved baseline?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum

from rag_core.errors import BadInput
from rag_core.evaluation import metrics
from rag_core.evaluation.compare import Comparison, aligned, compare_metric
from rag_core.evaluation.report import HEADLINE, SPLIT, Report
from rag_core.schema.base import Frozen

ROUNDING = 1e-9
"""A mean this little under its minimum is at it: binary fractions do not add up exactly."""


class GateRequirement(Frozen):
    """A metric and the least mean that passes."""

    metric: str
    minimum: float


class Shortfall(Frozen):
    """A requirement that a step does not meet, with the mean that it has."""

    metric: str
    step: str
    mean: float
    minimum: float


class AgainstBaseline(Frozen):
    """A metric now against the same in a saved evaluation. It fails where it is clearly worse."""

    metric: str
    found: Comparison

    @property
    def failed(self) -> bool:
        """True where it is clearly worse than the baseline."""
        return self.found.clear and self.found.difference < 0


class Changed(StrEnum):
    """What is not the same as when the baseline was saved, or may not be."""

    LABELLED_SET = "labelled set"
    COLLECTION = "collection"
    OTHER_COLLECTION = "other collection"
    FILTER = "filter"
    FILTER_UNKNOWN = "filter unknown"


class BaselineCheck(Frozen):
    """Every metric against the baseline, and what has changed since."""

    compared: tuple[AgainstBaseline, ...]
    changed: tuple[Changed, ...] = ()


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


def under(report: Report, requirements: Sequence[GateRequirement], step: str) -> list[Shortfall]:
    """The requirements that the step does not meet."""
    found = [(one, report.mean(step, one.metric)) for one in requirements]
    return [
        Shortfall(metric=one.metric, step=step, mean=mean, minimum=one.minimum)
        for one, mean in found
        if mean < one.minimum - ROUNDING
    ]


def compared(requirements: Sequence[GateRequirement], measured: Sequence[str]) -> list[str]:
    """The metrics that a baseline is asked about: those of the requirements, else nDCG@10 where it is measured."""
    return list(dict.fromkeys(one.metric for one in requirements)) or [SPLIT if SPLIT in measured else HEADLINE[-1]]


def check(baseline: Report, names: Sequence[str], step: str, query_ids: Collection[str]) -> None:
    """Raises BadInput where these judged queries cannot be compared with a saved evaluation: it has none of them, or no
    such metric or step."""
    for name in names:
        if name not in baseline.values.get(step, {}):
            raise BadInput(f"The baseline has no {name} of the step {step}. Save a new baseline with it.")
        if baseline.values[step][name].keys().isdisjoint(query_ids):
            raise BadInput("The baseline was measured on other queries; there is nothing to compare.")


def worse(report: Report, baseline: Report, names: Sequence[str], step: str) -> BaselineCheck:
    """A comparison with a saved evaluation, over the queries that both have.

    Raises BadInput where the two cannot be compared.
    """
    check(baseline, names, step, next(iter(report.values[step].values()), {}))
    found = []
    for name in names:
        _, old, new = aligned(baseline.values[step][name], report.values[step][name])
        found.append(AgainstBaseline(metric=name, found=compare_metric(old, new)))
    return BaselineCheck(compared=tuple(found), changed=tuple(_changed(report, baseline)))


def _changed(report: Report, baseline: Report) -> Iterator[Changed]:
    """What makes the two less alike than they look."""
    if report.set_fingerprint != baseline.set_fingerprint:
        yield Changed.LABELLED_SET
    here, there = report.collection, baseline.collection
    if here and there and here.fingerprint != there.fingerprint:
        other = here.id and there.id and here.id != there.id
        yield Changed.OTHER_COLLECTION if other else Changed.COLLECTION
    if not (report.says_filter and baseline.says_filter):
        yield Changed.FILTER_UNKNOWN
    elif report.where != baseline.where:
        yield Changed.FILTER
