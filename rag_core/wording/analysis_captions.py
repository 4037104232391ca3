"""What an analysis found, each in a sentence or two: extra searches, a chosen threshold, two scores, the cost."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.analysis.cost import Load, Rates, break_even, monthly, queries_a_machine
from rag_core.analysis.query_scores import QueryScores, auroc
from rag_core.analysis.sentence_attribution import Attribution, Role
from rag_core.analysis.threshold_choice import Choice
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import score_text, threshold_text, title_of


def extra_search_sentence(trace: Trace) -> str:
    """What the extra searches changed, in words: `2 of the 5 kept passages were found by an extra search alone.`"""
    kept = [hit.passage_id for hit in trace.kept_step.hits]
    main = {passage_id for step in trace.steps[:2] for passage_id in step.by_passage}
    alone = sum(passage_id not in main for passage_id in kept)
    if not kept:
        return "Nothing was kept."
    who = "an extra search" if len(trace.extra_searches) == 1 else "the extra searches"
    return f"{alone or 'None'} of the {len(kept)} kept passages {'was' if alone == 1 else 'were'} found by {who} alone."


def threshold_choice_caption(queries: Sequence[QueryScores], choice: Choice, space: ScoreSpace) -> str:
    """The choice in plain sentences, with its uncertainty; or that no threshold separates."""
    answerable = sum(query.answerable for query in queries)
    parted = auroc(queries)
    known = f"{answerable} answerable and {len(queries) - answerable} unanswerable questions"
    order = f" An answerable one scores higher in {parted:.0%} of pairs." if parted is not None else ""
    if not choice.separates:
        better = f"saves {choice.saving:.1f} more" if choice.saving > 0 else f"costs {-choice.saving:.1f} more"
        return (
            f"No threshold separates these {known}. Per hundred questions the best one {better} than none (95% "
            f"interval of the saving {choice.saving_low:.1f} to {choice.saving_high:.1f}).{order}"
        )
    cut, low, high = map(threshold_text, (choice.minimum, choice.low, choice.high))
    return (
        f"Cut at {space} {cut} (95% interval {low} to {high}): on {known} it "
        f"saves {choice.saving:.1f} a hundred questions (95% interval {choice.saving_low:.1f} to "
        f"{choice.saving_high:.1f}).{order}"
    )


def contrast(one: Attribution, other: Attribution) -> str:
    """Why one passage scores above another, in words: what carries the one, what the other has and what hurts it."""
    above, below = sorted((one, other), key=lambda each: -each.whole)
    first = (
        f"“{title_of(above.passage)}” scores {score_text(above.whole, above.space)}, "
        f"“{title_of(below.passage)}” {score_text(below.whole, below.space)}."
    )
    parts = [first, *_reasons(above, "carries", "the first"), *_reasons(below, "carries", "the second")]
    return " ".join([*parts, *_reasons(below, "hurts", "the second")])


def _reasons(attribution: Attribution, role: Role, which: str) -> list[str]:
    """The strongest sentence of that role, in words; none where there is none."""
    held = [one for one in attribution.effects if one.role == role]
    if not held:
        return []
    best = max(held, key=lambda one: abs(one.effect))
    verb = "carries" if role == "carries" else "pulls down"
    return [f"What {verb} {which}: “{attribution.text_of(best)}” ({best.effect:+.2f} {attribution.space})."]


def cost_caption(load: Load, rates: Rates) -> str:
    """The comparison in plain sentences."""
    cost = monthly(load, rates)
    machines = "1 machine" if cost.machines == 1 else f"{cost.machines} machines"
    first = f"Hosted ${cost.hosted:,.0f} a month, self-hosted ${cost.own:,.0f} ({machines})."
    even = break_even(load, rates)
    if even is None:
        full = queries_a_machine(load, rates)
        return f"{first} At this speed a machine carries {full:,.0f} queries a day at most, and never pays for itself."
    return f"{first} Self-hosting breaks even at {even:,.0f} queries a day."
