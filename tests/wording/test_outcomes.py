"""What became of a candidate, in words: recorded, worked out, or what would be."""

from __future__ import annotations

from rag_core.analysis.run_tables import candidates
from rag_core.pipeline.replay import recut, replay
from rag_core.report.html import html_report
from rag_core.runs.as_trace import trace_of
from rag_core.runs.replaying import RunChange, replay_run
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold
from rag_core.schema.trace import Trace
from rag_core.wording.headline import headline
from rag_core.wording.numbers import titles_of
from rag_core.wording.outcomes import outcome_text
from tests.builders import measurement
from tests.runs.odd_runs import odd_run
from ui.charts import two_columns
from ui.charts.palette import LIGHT

CUT = Threshold(minimum=0.0, space=ScoreSpace.LOGIT)


def told(trace: Trace) -> dict[str, str]:
    return dict(candidates(trace)[["passage_id", "outcome"]].itertuples(index=False))


def test_a_recorded_selection_says_kept_and_not_kept_but_no_rule():
    trace = trace_of(odd_run("rules after reranking, one passage kept"))
    shown = told(trace)
    assert (shown["a"], shown["b"], shown["d"]) == ("kept", "not kept", "not returned by the reranker")
    assert "not kept</small>" in html_report(trace) and "cut by top-k" not in html_report(trace)


def test_where_no_selection_was_recorded_what_is_kept_is_worked_out():
    trace = trace_of(odd_run("dense and a reranker"))
    assert {one: told(trace)[one] for one in "cab"} == dict.fromkeys("cab", "kept (worked out)")
    assert "kept (worked out)</small>" in html_report(trace)


def test_a_replay_says_what_would_be():
    recorded = trace_of(odd_run("missing times"))  # b, c and a by a reranker, with the logits 3, 1 and -2
    for trace in (replay_run(recorded, RunChange(threshold=CUT, top_k=1)), recut(recorded, CUT)):
        shown = told(trace)
        assert shown["b"] == "would be kept" and shown["a"] == "would be under the threshold"
        assert "would be kept" in headline(trace)
        assert told(Trace.read(trace.to_json())) == shown
    assert told(replay_run(recorded, RunChange(top_k=1)))["c"] == "would be cut by top-k"
    assert told(recorded)["b"] == "kept (worked out)" and "3 passages kept (worked out" in headline(recorded)


def test_a_run_of_ones_own_says_what_was_done():
    own = replay(measurement("abc", "ca", {"a": 2.0, "b": 0.0, "c": -3.0}), Policy(reranker="ce", top_k=1))
    assert set(told(recut(own, Threshold(minimum=0.6))).values()) == {"kept", "under the threshold"}


def test_compare_names_what_has_no_score_in_the_same_words():
    trace = trace_of(odd_run("rules after reranking, one passage kept"))
    titles = titles_of(trace.passages.values())
    hovers = [str(line.hovertemplate) for line in two_columns.figure(trace, trace, ("A", "B"), LIGHT).data]
    unscored = [one for one in trace.places if one not in trace.relevance]
    assert unscored
    for passage_id in unscored:
        words = outcome_text(trace, trace.outcome(passage_id))
        (hover,) = [one for one in hovers if one.startswith(f"<b>{titles[passage_id]}</b>")]
        assert hover.count(f"({words})") == 2
