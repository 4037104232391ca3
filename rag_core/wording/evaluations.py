"""What an evaluation found, in words: whether reranking is worth it, counted on what reaches the answer."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.evaluation import metrics
from rag_core.evaluation.report import HEADLINE, Report
from rag_core.schema.policy import NO_RERANKER
from rag_core.wording.metric_changes import comparison_sentence
from rag_core.wording.numbers import count_of, threshold_text

SHOWN = 0.0005
"""A smaller difference is not to be seen in three digits."""


def evaluation_verdict(report: Report) -> str:
    """The verdict on the passages that the answer gets; where threshold and top-k change it, also that on the order
    alone, and what they take.

    `nDCG@5 of the passages that the answer gets: Worse by -0.029 (...). Reranking alone gives +0.135; threshold 0.01
    takes 0.164, more than that.`
    """
    metric = HEADLINE[-1]
    order, kept = report.comparisons[metric], report.answered.get(metric)
    if kept is None or abs(kept.difference - order.difference) < SHOWN:
        return f"{metric}: {comparison_sentence(order)}"
    taken = order.difference - kept.difference
    alone = f"Reranking alone gives {order.difference:+.3f}; {_cut(report)} {_change(taken, order.difference)}."
    return f"{metric} of the passages that the answer gets: {comparison_sentence(kept)} {alone}"


def one_list_verdict(report: Report) -> str:
    """The quality of the only list, and how often nothing relevant is near its top.

    `nDCG@5 of search: 0.721 over 40 questions; 6 have nothing relevant among the first 5.`
    """
    counted, metric = HEADLINE
    number = len(report.values[report.before][metric])
    without = sum(one == 0 for one in report.values[report.before][counted].values())
    depth = counted.split("@")[1]
    told = f"{without} {'has' if without == 1 else 'have'} nothing" if without else "each has something"
    mean = f"{metric} of {report.before}: {report.mean(report.before, metric):.3f} over {count_of(number, 'question')}"
    return f"{mean}; {told} relevant among the first {depth}."


def never_found(lacking: Sequence[str], level: str, place: str, near: Sequence[str] = ()) -> tuple[str, ...]:
    """A notice that graded documents (or passages) are nowhere where they could be found; none where all are there.
    near: ids that the first may mean.

    >>> never_found(["uk.md"], "document", "Handbook")
    ("1 graded document is not in Handbook, 'uk.md'; it counts as never found.",)
    """
    if not lacking:
        return ()
    meant = f" For {lacking[0]!r}, did you mean {' or '.join(near)}?" if near else ""
    if len(lacking) == 1:
        return (f"1 graded {level} is not in {place}, {lacking[0]!r}; it counts as never found.{meant}",)
    told = f"{len(lacking)} graded {level}s are not in {place}, {lacking[0]!r} first; they count as never found."
    return (told + meant,)


def short_lists(report: Report) -> str:
    """Which metrics look deeper than the pool, so that the reranked lists are too short for them; with a space before.

    ` The reranker hands on 10 candidates: R@100 and AP@100 of its lists count those alone.`
    """
    if report.policy is None or report.policy.reranker == NO_RERANKER:
        return ""
    deep = [name for name in report.metrics if metrics.parse(name).cutoff > report.policy.pool]
    if not deep:
        return ""
    named = " and ".join([", ".join(deep[:-1]), deep[-1]]) if len(deep) > 1 else deep[0]
    pool = count_of(report.policy.pool, "candidate")
    return f" The reranker hands on {pool}: {named} of its lists count those alone."


def evaluation_estimate(expected_ms: float | None) -> str:
    """How long an evaluation may take here.

    >>> evaluation_estimate(95_000), evaluation_estimate(20_000)
    ('About 2 minutes here, by the runs of this session.', 'Under a minute here, by the runs of this session.')
    """
    if expected_ms is None:
        return "Ask one question on Inspect with these settings, and the time is estimated here."
    minutes = round(expected_ms / 60_000)
    shown = f"About {count_of(minutes, 'minute')}" if minutes else "Under a minute"
    return f"{shown} here, by the runs of this session."


def _change(taken: float, given: float) -> str:
    """What the cut does to what reranking gives.

    >>> _change(0.1, 0.3), _change(0.4, 0.3), _change(0.1, -0.2), _change(-0.1, 0.3)
    ('takes 0.100 of it', 'takes 0.400, more than that', 'takes 0.100 more', 'adds 0.100')
    """
    if taken < 0:
        return f"adds {-taken:.3f}"
    if given <= 0:
        return f"takes {taken:.3f} more"
    return f"takes {taken:.3f} of it" if taken <= given else f"takes {taken:.3f}, more than that"


def _cut(report: Report) -> str:
    """What cuts the order: `threshold 0.01`, `top-k 3`, or both."""
    if report.policy is None:
        return "the cut"
    minimum, depth = report.policy.threshold.minimum, int(HEADLINE[-1].split("@")[1])
    cuts = [f"threshold {threshold_text(minimum)}"] if minimum else []
    cuts += [f"top-k {report.policy.top_k}"] if report.policy.top_k < depth else []
    return " with ".join(cuts) or "the cut"
