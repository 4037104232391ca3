"""What the evaluation's charts draw and say equals the figures that they are given. Data, never pixels."""

from __future__ import annotations

import pytest

from rag_core.evaluation.compare import compare_metric
from rag_core.evaluation.cuts import Cut, Cuts
from rag_core.evaluation.headroom import Headroom
from rag_core.evaluation.quality_time import Way
from rag_core.evaluation.sweeps import Sweep, SweepPoint
from rag_core.schema.policy import Policy
from tests.evaluation.builders import plain, pools_of
from ui.charts import cut_curves, group_changes, loss_split, quality_time, setting_curve
from ui.charts.palette import DARK, LIGHT

CURVE = Sweep(
    setting="pool",
    metric="nDCG@10",
    chosen=50,
    points=(
        SweepPoint(at=5, fused=0.5, final=0.5),
        SweepPoint(at=10, fused=0.5, final=0.69),
        SweepPoint(at=20, fused=0.5, final=0.70),
        SweepPoint(at=50, fused=0.5, final=None, unscored=30),
    ),
)
SPLIT = Headroom(
    metric="nDCG@10", perfect=1.0, retrieval=0.1, fusion=0.05, ranking=0.25, signals=0.0, achieved=0.6, fused=0.5
)
WAYS = [
    Way(reranker="no reranker", pool=0, took_ms=10, quality=0.5),
    Way(reranker="big", pool=50, took_ms=900, quality=0.70),
    Way(reranker="small", pool=50, took_ms=200, quality=0.695),
    Way(reranker="slow", pool=50, took_ms=950, quality=0.6),
]


@pytest.fixture(params=[LIGHT, DARK])
def palette(request):
    return request.param


def test_a_curve_draws_its_points_and_leaves_unknown_ones_open(palette) -> None:
    before, after, knee = setting_curve.figure(CURVE, palette).data

    assert list(after.y) == [0.5, 0.69, 0.70, None]
    assert list(before.y) == [0.5] * 4
    # 0.5 + 0.95 * (0.70 - 0.50) = 0.69
    assert (list(knee.x), list(knee.y)) == ([10], [0.69])
    assert list(setting_curve.table(CURVE)["pool"]) == [5, 10, 20, 50]


def test_a_curve_in_words() -> None:
    assert setting_curve.caption(CURVE) == (
        "nDCG@10 is highest (0.700) at pool 20. 10 already brings 95% of that gain (0.690). "
        "1 of 4 points need up to 30 pairs that are not scored yet."
    )


def test_signals_have_one_line(palette) -> None:
    curve = CURVE.model_copy(update={"setting": "freshness"})
    assert len([line for line in setting_curve.figure(curve, palette).data if "lines" in line.mode]) == 1


def test_the_parts_of_the_loss_fill_the_bar(palette) -> None:
    drawn = {trace.hovertemplate.split(":")[0]: trace.x[0] for trace in loss_split.figure(SPLIT, palette).data}

    assert drawn == {
        "reached": 0.6,
        "lost to signals": 0.0,
        "left by the ranking": 0.25,
        "outside the pool": 0.05,
        "never found": 0.1,
    }  # fmt: skip
    assert loss_split.table(SPLIT)["share"].sum() == pytest.approx(1)


def test_groups_show_their_interval_and_the_verdict_by_mark(palette) -> None:
    groups = {
        "hurt": compare_metric([0.9] * 20, [0.5] * 10 + [0.6] * 10),
        "helped": compare_metric([0.1] * 20, [0.5] * 10 + [0.6] * 10),
        "unclear": compare_metric([0.1, 0.9] * 2, [0.9, 0.1] * 2),
    }
    groups["edge"] = groups["helped"].model_copy(update={"p_value": 0.06})
    (dots,) = group_changes.figure(groups, "nDCG@5", palette).data

    assert list(dots.y) == ["edge (20)", "unclear (4)", "helped (20)", "hurt (20)"]
    assert list(dots.marker.symbol) == ["circle", "circle", "triangle-up", "triangle-down"]
    assert dots.x[2] - dots.error_x.arrayminus[2] == pytest.approx(groups["helped"].low)
    assert list(dots.text) == ["", "too few (4)", "", ""]  # its interval would be all that a difference can be
    assert group_changes.caption(groups).startswith("Clearly better for helped. Worse for hurt. Fewer than 4 questions")


def test_cuts_draw_the_rates_that_are_known(palette) -> None:
    scores = {"a": 2.0, "b": 1.0, "c": -1.0}
    cuts = Cuts(pools_of({"q": {"b": 1}}, [plain("abc", "", scores)]), Policy(reranker="ce", pool=3)).by_top_k(
        [1, 2, 3]
    )
    drawn = {trace.name: list(trace.y) for trace in cut_curves.figure(cuts, "top_k", 2, "top-k", palette).data}

    assert drawn["a relevant document kept"] == [0, 1, 1]
    assert drawn["relevant share of what is kept"] == [0, 1 / 2, 1 / 3]
    assert "unanswerable and refused" not in drawn


def cuts_of(relevant: str) -> list[Cut]:
    """Top-k 1 to 3 of questions that rank a, b, c; each letter is the relevant document of one."""
    measured = [plain("abc", "", {"a": 2.0, "b": 1.0, "c": -1.0})] * len(relevant)
    pools = pools_of({f"q{at}": {one: 1} for at, one in enumerate(relevant)}, measured)
    return Cuts(pools, Policy(reranker="ce", pool=3)).by_top_k([1, 2, 3])


@pytest.mark.parametrize(
    ("relevant", "told"),
    [
        ("bbbbbb", "At most 100% of the questions keep a relevant document, at top-k 2 with 2.0 passages each."),
        (  # one more of nine, at top-k 3, is no sure gain
            "abbbbbbbc",
            "At most 100% of the questions keep a relevant document, at top-k 3 with 3.0 passages each. With top-k 2 "
            "it is 89% with 2.0: not surely fewer.",
        ),
        (  # five that differ: 2 * 0.5^5 = 0.0625
            "bbbbb",
            "0% to 100% of the questions keep a relevant document, by the top-k. These questions cannot tell one top-k "
            "from another.",
        ),
        ("aaaaaaaa", "100% of the questions keep a relevant document, whatever the top-k."),
    ],
)
def test_no_cut_is_praised_that_the_questions_cannot_tell_from_another(relevant: str, told: str) -> None:
    assert cut_curves.caption(cuts_of(relevant), "top_k") == told


def test_a_single_point_is_not_called_the_highest() -> None:
    alone = CURVE.with_(points=CURVE.points[2:])
    assert setting_curve.caption(alone).startswith("nDCG@10 is 0.700 at pool 20, the only value that is scored. 1 of 2")


def curve_of(gains: list[float], chosen: int = 5) -> Sweep:
    """A curve over three pools, the best of which gains so much for each question over the other two."""
    gain = compare_metric([0.5] * len(gains), [0.5 + one for one in gains])
    points = tuple(SweepPoint(at=at, fused=0.5, final=gain.before) for at in (5, 10))
    best = SweepPoint(at=20, fused=0.5, final=gain.after)
    over = gain if chosen != 20 else None
    return CURVE.with_(points=(*points, best), chosen=chosen, over_lowest=gain, over_chosen=over)


def test_a_curve_that_is_flat_within_its_interval_has_no_best_value_and_no_knee(palette) -> None:
    flat = curve_of([0.3, -0.25, 0.2, -0.2, 0.1, -0.1])
    told = setting_curve.caption(flat)
    assert told.startswith(
        "nDCG@10 is 0.500 to 0.508, depending on the pool: no sure difference, even from the lowest to"
    )
    assert "95% interval -" in told and flat.knee is None
    few = setting_curve.caption(curve_of([0.1, 0.1]))
    assert few.endswith("(+0.100, no interval under 4 questions).")


def test_a_gain_over_the_present_value_comes_with_its_interval() -> None:
    steep = [0.1, 0.12] * 5
    told = setting_curve.caption(curve_of(steep))
    assert "highest (0.610) at pool 20." in told and "Over 5, as it is now, it is +0.110, 95% interval +0.1" in told
    assert told.endswith(", on the questions that chose it among 3 values: check it on others.")
    assert "as it is now" not in setting_curve.caption(curve_of(steep, chosen=20))
    unsure = curve_of(steep).with_(over_chosen=compare_metric([0.5] * 4, [0.6, 0.4, 0.7, 0.4]))
    told = setting_curve.caption(unsure)
    assert "it is no sure gain: +0.025, no interval over so few questions" in told and "check it" not in told


def test_quality_against_time_marks_the_front(palette) -> None:
    front, *groups = quality_time.figure(WAYS, "nDCG@10", palette).data

    assert list(front.x) == [10, 200, 900]
    assert {group.name: group.marker.symbol[0].endswith("-open") for group in groups} == {
        "no reranker": False, "big": False, "small": False, "slow": True
    }  # fmt: skip
    assert quality_time.caption(WAYS, "nDCG@10") == (
        "nDCG@10 0.700 at best: big, pool 50, 900 ms. small, pool 50 comes within 0.01 of it in 200 ms."
    )
    assert quality_time.caption([], "nDCG@10") == "No time is measured yet."


def test_quality_against_time_calls_rerankers_by_their_titles(palette) -> None:
    both = Way(reranker="late-interaction → second-pass-minilm-v3+late-interaction", pool=20, took_ms=90, quality=0.8)
    ways = [WAYS[0], both]
    titles = "Late interaction (MaxSim) → Cross-encoder + MaxSim"
    assert titles in {drawn.name for drawn in quality_time.figure(ways, "nDCG@10", palette).data}
    assert f"{titles}, pool 20, 90 ms" in quality_time.caption(ways, "nDCG@10")


def test_the_present_values_name_stands_over_the_lines(palette) -> None:
    cuts = Cuts(pools_of({"q": {"b": 1}}, [plain("ab", "", {"a": 2.0, "b": 1.0})]), Policy(reranker="ce", pool=2))
    top_k = cut_curves.figure(cuts.by_top_k([1, 2]), "top_k", 2, "top-k", palette)
    for fig in (setting_curve.figure(CURVE, palette), top_k):
        assert fig.layout.annotations[-1].yanchor == "bottom" and fig.layout.margin.t >= 24


def test_a_gain_that_goes_on_to_the_last_point_has_no_knee(palette) -> None:
    rising = CURVE.model_copy(
        update={"points": tuple(SweepPoint(at=n, fused=0.5, final=0.5 + n / 100) for n in (5, 10, 20))}
    )
    assert rising.knee is None
    assert len(setting_curve.figure(rising, palette).data) == 2


def test_a_handful_of_questions_has_no_interval_and_says_so(palette) -> None:
    groups = {"few": compare_metric([0.1, 0.9, 0.5], [0.9, 0.1, 0.5]), "more": compare_metric([0.1] * 4, [0.5] * 4)}
    (dots,) = group_changes.figure(groups, "nDCG@5", palette).data
    assert list(dots.text) == ["", "too few (3)"]
    assert (dots.error_x.array[1], dots.error_x.arrayminus[1]) == (0, 0)
    bounds = group_changes.table(groups).set_index("group")["low"]
    assert bounds.isna().to_dict() == {"few": True, "more": False}
    assert group_changes.caption(groups).endswith(
        "Fewer than 4 questions, or too few that differ, have no interval: they bound nothing."
    )


def test_labels_of_the_parts_stand_out_from_their_bars(palette) -> None:
    for bar in loss_split.figure(SPLIT, palette).data:
        page = "#ffffff" if palette is LIGHT else "#10161d"  # seen through a hatched bar
        assert contrast(page if bar.marker.pattern.shape else bar.marker.color, bar.insidetextfont.color) >= 4.5


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two hex colours."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_thresholds_are_drawn_where_they_matter(palette) -> None:
    cuts = Cuts(pools_of({"q": {"b": 1}}, [plain("ab", "", {"a": 2.0, "b": 1.0})]), Policy(reranker="ce", pool=2))
    fig = cut_curves.figure(cuts.by_threshold(7), "threshold", 0.01, "threshold", palette, log=True)
    assert fig.layout.xaxis.type == "log" and min(fig.data[0].x) == pytest.approx(0.001)
    assert (fig.layout.shapes[-1].x0, fig.layout.annotations[-1].x) == (0.01, -2)


def test_a_line_that_is_flat_has_no_best_value_and_stays_within_the_measure(palette):
    points = tuple(SweepPoint(at=at, fused=0.8, final=0.8) for at in (5, 10, 20))
    flat = CURVE.model_copy(update={"points": points})
    assert setting_curve.caption(flat) == "nDCG@10 is the same (0.800) at every pool that is scored."
    fig = setting_curve.figure(flat, palette)
    assert fig.layout.yaxis.range == pytest.approx((0.75, 0.85))
    assert {line.textposition for line in fig.data} == {"bottom left", "top left"}


@pytest.mark.parametrize("value, expected, title", [
    (0.0, (0, 0.05), "mean nDCG@10"), (1.0, (0.95, 1), "mean nDCG@10 (not from 0)"),
])  # fmt: skip
def test_the_axis_ends_where_the_measure_does_and_says_where_it_does_not_start_at_0(value, expected, title, palette):
    points = tuple(SweepPoint(at=at, fused=value, final=value) for at in (5, 10))
    axis = setting_curve.figure(CURVE.model_copy(update={"points": points}), palette).layout.yaxis
    assert (axis.range, axis.title.text) == (pytest.approx(expected), title)
