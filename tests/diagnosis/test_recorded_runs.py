"""The verdict on a run of another pipeline: the step of loss under its own names, or what is missing to tell it."""

from __future__ import annotations

import pytest

from rag_core.diagnosis import Expected, Verdict, diagnose, locate_in_run, remedies, symptoms
from rag_core.diagnosis.run_facts import Doubt, Gap, Missing, OpenQuestion
from rag_core.runs.as_trace import trace_of
from rag_core.runs.sent import run_from
from rag_core.schema.answers import Answer, Citation
from rag_core.wording.recorded_verdicts import to_record
from rag_core.wording.rivals import why
from rag_core.wording.verdicts import sentence
from tests.runs.odd_runs import DENSE, FUSED, LARGE, ODD, WORDS, hits, odd_run, step
from ui.panels.loss_strip import markup


def diagnosed(trace, document, **expected):
    """The verdict on a document, after everything else that is told of it has been told."""
    location = locate_in_run(trace, Expected(document=document, **expected))
    found = diagnose(trace, location)
    assert remedies(symptoms(trace, location, found)) is not None and markup(found)
    return found


def of_steps(*steps, answer=None):
    """The trace of a run with these steps."""
    return trace_of(run_from({"project": "bot", "query": "q", "steps": list(steps), "answer": answer}))


KEPT_TWO = step("kept", "select", hits("bc", (3.0, 1.0)), "large model", space="logit")
ONLY_DENSE = step("fusion", "fusion", hits("cab", (3, 2, 1)), "dense")
BOOST = step("rules", "adjust", hits("ca"), "large model")
WHOLE = (DENSE, WORDS, FUSED, LARGE, KEPT_TWO)


SMALL = step("small model", "rerank", hits("bcdae", (5, 4, 3, 2, 1)), "fusion")
SECOND = step("large model", "rerank", hits("bcdea", (5, 4, 3, 2, 1)), "small model")


@pytest.mark.parametrize(
    ("kept", "verdict", "lost_at"),
    [
        ("bcd", Verdict.DEMOTED, "small model"),
        ("bcde", Verdict.DEMOTED, "large model"),
        ("b", Verdict.DEMOTED, "small model"),
    ],
)
def test_the_reranker_that_moved_it_behind_what_was_kept_is_named(kept, verdict, lost_at):
    """a is 1st of the fusion, 4th of the small model, 5th of the large one."""
    steps = (step("fusion", "fusion", hits("abcde", (5, 4, 3, 2, 1))), SMALL, SECOND)
    trace = of_steps(*steps, step("kept", "select", hits(kept), "large model"))
    found = diagnosed(trace, "a")
    assert (found.verdict, found.after.step) == (verdict, lost_at)


def test_what_was_behind_the_kept_ones_before_the_reranker_was_not_lost_by_it():
    """d is 3rd before and 4th after the reranker; 2 are kept."""
    steps = (
        step("dense", "search", hits("abdc", (5, 4, 3, 2))),
        step("ce", "rerank", hits("bacd", (5, 4, 3, 2)), "dense"),
    )
    trace = of_steps(*steps, step("kept", "select", hits("ba"), "ce"))
    found = diagnosed(trace, "d")
    assert found.verdict is Verdict.NOT_SELECTED
    assert sentence(found) == "“d” was 4th of 4 in ce; only the first 2 were kept."


@pytest.mark.parametrize("name", ODD)
def test_every_document_of_every_run_has_a_verdict(name):
    trace = trace_of(odd_run(name))
    for document in (*trace.passages, "nobody"):
        found = diagnosed(trace, document)
        assert found.recorded and sentence(found).endswith(".")
        assert bool(found.needs) == (found.verdict is Verdict.CANNOT_TELL)
        assert (found.verdict is Verdict.KEPT) <= (document in trace.kept_step.by_passage)
        assert sentence(diagnosed(trace, document, quote="says so"))


@pytest.mark.parametrize(
    ("name", "document", "verdict"),
    [
        ("one search", "a", Verdict.CANNOT_TELL),
        ("one search", "z", Verdict.MISSED),
        ("dense and a reranker", "d", Verdict.NOT_RETURNED),
        ("dense and a reranker", "a", Verdict.CANNOT_TELL),
        ("three searches, fusion, two rerankers", "c", Verdict.KEPT),
        ("three searches, fusion, two rerankers", "a", Verdict.DEMOTED),
        ("three searches, fusion, two rerankers", "b", Verdict.NOT_RETURNED),
        ("three searches, fusion, two rerankers", "h", Verdict.CUT_BY_FIRST_PASS),
        ("three searches, fusion, two rerankers", "z", Verdict.MISSED),
        ("a fused list without its searches", "z", Verdict.CANNOT_TELL),
        ("a fused list without its searches", "g", Verdict.NOT_RETURNED),
        ("no texts", "a", Verdict.KEPT),
        ("no texts", "b", Verdict.NOT_SELECTED),
        ("ranks only", "c", Verdict.NOT_RETURNED),
        ("distances", "z", Verdict.MISSED),
        ("missing times", "d", Verdict.NOT_RETURNED),
        ("two searches that nothing fused", "z", Verdict.MISSED),
        ("a reranker whose input was not recorded", "z", Verdict.CANNOT_TELL),
        ("rules after reranking, one passage kept", "b", Verdict.PUSHED_DOWN),
        ("rules after reranking, one passage kept", "a", Verdict.KEPT),
        ("rules after reranking, one passage kept", "c", Verdict.DEMOTED),
        ("nothing found", "z", Verdict.MISSED),
    ],
)
def test_the_odd_runs_are_told_as_far_as_they_go(name, document, verdict):
    assert diagnosed(trace_of(odd_run(name)), document).verdict is verdict


@pytest.mark.parametrize(
    ("steps", "document", "verdict", "said"),
    [
        (WHOLE, "b", Verdict.KEPT, "was not lost: it was kept 1st (logit 3.00) of 2."),
        (WHOLE, "z", Verdict.MISSED, "dense returned 5 passages, words returned 4 passages."),
        (
            (DENSE, ONLY_DENSE, LARGE, KEPT_TWO),
            "d",
            Verdict.FUSED_OUT,
            "was 4th (cosine 0.60) in dense; fusion left it out of its 3 passages.",
        ),
        (
            WHOLE,
            "d",
            Verdict.NOT_RETURNED,
            "was 4th (rrf 0.1200) of 7 in fusion; large model returned 3 passages and not this one.",
        ),
        (
            WHOLE,
            "a",
            Verdict.DEMOTED,
            "fusion; large model moved it to 3rd (logit -2.00), and only the first 2 were kept.",
        ),
        (
            (
                *WHOLE[:4],
                step("rules", "adjust", hits("ca"), "large model"),
                step("kept", "select", hits("c"), "rules"),
            ),
            "b",
            Verdict.PUSHED_DOWN,
            "was 1st (logit 3.00) in large model; rules left it out of its 2 passages.",
        ),
        (
            (DENSE, step("kept", "select", hits("ab"), "dense")),
            "d",
            Verdict.NOT_SELECTED,
            "was 4th (cosine 0.60) of 5 in dense; only the first 2 were kept.",
        ),
        (
            (DENSE, step("kept", "select", hits("ae"), "dense")),
            "b",
            Verdict.NOT_SELECTED,
            "was 2nd (cosine 0.80) of 5 in dense; kept kept 2 passages and not this one.",
        ),
        (
            (DENSE, step("kept", "select", [], "dense")),
            "a",
            Verdict.NOT_SELECTED,
            "was 1st (cosine 0.90) of 5 in dense; kept kept nothing.",
        ),
    ],
)
def test_a_loss_is_told_at_its_step(steps, document, verdict, said):
    found = diagnosed(of_steps(*steps), document)
    assert found.verdict is verdict and sentence(found).endswith(said)


@pytest.mark.parametrize(
    ("steps", "document", "record"),
    [
        ((DENSE, LARGE | {"inputs": ["dense"]}), "b", "run.keep"),
        (({**FUSED, "inputs": []}, LARGE, KEPT_TWO), "z", "Record every search that fusion reads"),
        ((DENSE, {**FUSED, "inputs": ["dense"]}, LARGE, KEPT_TWO), "z", "Record every search that fusion reads"),
        ((LARGE | {"inputs": []}, KEPT_TWO), "z", "Record the list that large model reads"),
        ((DENSE, WORDS, ONLY_DENSE, LARGE, KEPT_TWO), "f", "Name words in the `inputs`"),
        ((step("dense", "search", [{"text": "one"}, {"text": "two"}]),), "refunds.md", "`document_id` or a `title`"),
    ],
)
def test_what_was_not_recorded_is_not_guessed(steps, document, record):
    found = diagnosed(of_steps(*steps), document)
    assert found.verdict is Verdict.CANNOT_TELL and not found.lost
    assert record in to_record(found.needs[0]) and "cannot be told" in sentence(found)


def test_the_words_that_answer_need_texts():
    found = diagnosed(trace_of(odd_run("no texts")), "b", quote="says so")
    assert found.verdict is Verdict.CANNOT_TELL and found.needs == (Gap(missing=Missing.TEXTS),)


def test_a_document_is_found_by_id_title_and_words():
    rows = [
        {"passage_id": f"refunds#{n}", "document_id": "refunds.md", "title": "Refunds", "text": text}
        for n, text in enumerate(("Refunds exist.", "They take 30 days."))
    ]
    trace = of_steps(step("dense", "search", rows), step("kept", "select", [{"passage_id": "refunds#0"}], "dense"))
    assert diagnosed(trace, "refunds.md").verdict is Verdict.KEPT
    assert diagnosed(trace, "REFUNDS").passage_id == "refunds#0"
    quoted = diagnosed(trace, "Refunds", quote="take  30 days")
    assert (quoted.verdict, quoted.passage_id) == (Verdict.NOT_SELECTED, "refunds#1")
    absent = diagnosed(trace, "Refunds", quote="two years")
    assert absent.verdict is Verdict.MISSED and OpenQuestion(doubt=Doubt.SPLIT) in absent.notes
    assert diagnosed(trace, "Refunds EU").facts.absence.nearest == ("Refunds",)


def test_an_answer_that_cites_others_does_not_use_it():
    trace = of_steps(*WHOLE, answer="So.")
    cites = Answer(kind="chat", text="So. [1]", citations=(Citation(number=1, passage_id="b"),))
    assert diagnosed(trace.model_copy(update={"recorded_answer": cites}), "c").verdict is Verdict.NOT_CITED
    assert diagnosed(trace, "c").verdict is Verdict.KEPT


def test_what_came_ahead_is_named():
    found = diagnosed(of_steps(*WHOLE), "a")
    (rival,) = found.rivals
    assert (rival.passage_id, why(rival)) == ("b", "logit 3.00 against -2.00; 3rd in fusion")
    assert (found.before.step, found.before.rank, found.after.step, found.after.rank) == ("fusion", 2, "large model", 3)
    assert "✗ lost here: 3rd" in markup(found) and "<b>large model</b>" in markup(found)


def test_steps_that_read_the_same_two_again_and_again_are_each_settled_once():
    pairs = [[step(f"{side} 0", "search", hits("ab")) for side in ("left", "right")]]
    for level in range(1, 40):
        before = [one["name"] for one in pairs[-1]]
        pairs.append([step(f"{side} {level}", "fusion", hits("ab"), *before) for side in ("left", "right")])
    kept = step("kept", "select", hits("a"), *(one["name"] for one in pairs[-1]))
    trace = of_steps(*(one for pair in pairs for one in pair), kept)
    assert diagnosed(trace, "nobody").verdict is Verdict.MISSED  # after two to the power of 40 ways
