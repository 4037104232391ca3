"""What would have kept a document, as a person reads it."""

from __future__ import annotations

import pytest

from rag_core.diagnosis import Change, CheckedFix, Counterfactual, Verdict, WhatIf
from rag_core.diagnosis.counterfactuals import NotRead, Obstacle, Place
from rag_core.diagnosis.facts import Score
from rag_core.diagnosis.settings import SETTINGS, SWITCHES
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.fixes import LABELS, after, changes_text, fix_sentence, uncited_sentence, what_if_sentence


def fix(*changes: Change, **more: object) -> Counterfactual:
    score = Score(score=0.47, space=ScoreSpace.PROBABILITY)
    return Counterfactual.model_validate(
        {"changes": changes, "policy": Policy(), "size": 1.0, "rank": 2, "score": score} | more
    )


def places(titles: str) -> tuple[Place, ...]:
    return tuple(Place(passage_id=title, title=title, rank=1) for title in titles)


THRESHOLD = Change(setting="threshold.minimum", before=0.6, after=0.47)
POOL = Change(setting="pool", before=2, after=5)
FIRST_PASS = Change(setting="first_pass", before="on", after="none")


def test_a_change_with_what_else_it_changes() -> None:
    assert fix_sentence(fix(THRESHOLD)) == (
        "Threshold 0.47 instead of 0.60 keeps it, 2nd (probability 0.47). Nothing else changes in the top-k."
    )
    assert fix_sentence(fix(POOL, FIRST_PASS, entered=places("abcde"), left=places("z"))) == (
        "Pool 5 instead of 2, first pass none instead of on keeps it, 2nd (probability 0.47). "
        "It also brings in “a”, “b”, “c” and 2 more; it drops “z”."
    )


def test_changes_that_keep_it_for_nothing_are_told_as_such() -> None:
    uncited, cited = (CheckedFix(fix=fix(POOL), verdict=verdict) for verdict in (Verdict.NOT_CITED, Verdict.KEPT))
    assert uncited_sentence([uncited]) == "This change keeps it, and yet the answer does not cite it."
    assert uncited_sentence([uncited, uncited]) == (
        "Each of these 2 changes keeps it, and with none does the answer cite it."
    )
    for told in ([], [cited, uncited], [uncited, CheckedFix(fix=fix(POOL))]):
        assert not uncited_sentence(told)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("threshold.minimum", 0.0, "none"),
        ("threshold.minimum", 0.005, "0.005"),
        ("fusion.lexical_weight", 1.0, "1.0"),
        ("signals.freshness", 0.15, "0.15"),
        ("depth", 121.0, "121"),
        ("signals.on", "off", "off"),
    ],
)
def test_a_value_is_written_as_its_control_writes_it(setting: str, value: float | str, said: str) -> None:
    assert after(Change.model_validate({"setting": setting, "before": 0.0, "after": value})) == said


def test_every_setting_that_may_change_has_a_name() -> None:
    assert {one.name for one in SETTINGS} | {one.setting for one in SWITCHES} == set(LABELS)
    assert changes_text((POOL, FIRST_PASS)) == "Pool is now 5 (was 2), First pass is now none (was on)"
    assert changes_text(()) == ""


@pytest.mark.parametrize(
    ("what_if", "said"),
    [
        (WhatIf(kept=True), "It is kept already."),
        (WhatIf(), "No setting within its range keeps it."),
        (
            WhatIf(unscored=4, not_read=NotRead(place=4, read=2, missing=2)),
            "The reranker did not read it, so its score is unknown. Reading 4 candidates instead of 2 takes 2 more "
            "pairs. No setting whose pairs are scored keeps it. Checking the others takes 4 more pairs.",
        ),
        (WhatIf(obstacle=Obstacle(kind="missed")), "No later step can keep what no search finds."),
        (WhatIf(obstacle=Obstacle(kind="unordered", step="rules")), "What is kept is not simply the first of rules."),
    ],
)
def test_where_nothing_is_found_it_says_why(what_if: WhatIf, said: str) -> None:
    assert what_if_sentence(what_if) == said


def test_the_smallest_change_is_the_sentence() -> None:
    found = WhatIf(found=(fix(THRESHOLD), fix(POOL)), unscored=1)
    assert what_if_sentence(found) == f"{fix_sentence(fix(THRESHOLD))} Checking every setting takes 1 more pair."


def test_a_larger_top_k_of_another_pipeline_s_list() -> None:
    top_k = Change(setting="top_k", before=1, after=3)
    kept = fix(top_k, rank=3, score=None, of="reranked", entered=places("b"))
    assert fix_sentence(kept) == (
        "Keeping the first 3 of reranked instead of 1 keeps it, 3rd. It also brings in 1 other passage."
    )
