"""The strip says at one step that the document was lost, with the ranks of the trace, and nothing after it."""

from __future__ import annotations

import pytest

from rag_core.diagnosis import Diagnosis, Verdict, diagnose
from rag_core.diagnosis.facts import Recorded
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Policy
from tests.builders import measurement
from tests.diagnosis.test_counterfactuals import expecting
from tests.diagnosis.test_recorded_runs import diagnosed, of_steps
from tests.runs.odd_runs import hits, step
from ui.panels.loss_strip import STEPS, markup, steps

CE = Policy(reranker="ce")
ANY = Recorded(recorded_sentence="")


def found(passage_id, policy=CE):
    measured = measurement("abcdefg", "g", dict(zip("abcdefg", (1, 2, 3, 4, 5, 6, 7), strict=True)))
    return diagnose(replay(measured, policy), expecting(measured, passage_id))


def test_a_demoted_passage_is_lost_at_the_reranker():
    told = {step.label: (step.state, step.ranks) for step in steps(found("a"))}
    assert told["Searches"] == ("passed", "dense 1st, lexical –")
    assert told["Pool"] == ("passed", "2nd")
    assert told["Rerank"] == ("lost", "7th")
    assert told["Top-k"] == ("after", "")
    assert "✗ lost here: 7th" in markup(found("a"))


def test_a_kept_passage_passes_everywhere():
    assert {step.state for step in steps(found("g"))} == {"passed"}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_loss_has_exactly_one_step(verdict):
    states = [step.state for step in steps(Diagnosis(verdict=verdict, facts=ANY))]
    assert states.count("lost") == (1 if verdict.lost else 0)
    assert sum(verdict in verdicts for _, verdicts, _ in STEPS) == states.count("lost")


def test_a_loss_without_a_rank_is_just_one():
    assert "✗ lost here<" in markup(Diagnosis(verdict=Verdict.NOT_IN_CORPUS, facts=ANY))


def test_a_run_of_many_steps_has_all_of_them_on_the_strip():
    searches = [step(f"search {number}", "search", hits("ab")) for number in range(110)]
    fused = step("fusion", "fusion", hits("ab"), *(one["name"] for one in searches))
    kept = step("kept", "select", hits("a"), "fusion")
    found = steps(diagnosed(of_steps(*searches, fused, kept), "b"))
    assert [one.state for one in found] == ["passed"] * 111 + ["lost"]
