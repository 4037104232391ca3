"""Rankings made elsewhere: read as trec_eval reads them, pictured as our own, written so that others agree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.evaluation import metrics, sweeps
from rag_core.evaluation.export import to_trec
from rag_core.evaluation.external_runs import RETRIEVED, policy_of, pools_of_candidates, pools_of_runs, to_candidates
from rag_core.evaluation.files import File
from rag_core.evaluation.gather import build
from rag_core.evaluation.report import rankings_of, values_of
from rag_core.evaluation.runs import TrecRun, read_candidates, read_run, trec_id
from rag_core.evaluation.vectorised_replay import step_rankings
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from tests.builders import measurement, passage
from tests.evaluation.builders import labelled, plain

QRELS = {"q1": {"a": 1, "c": 3}, "q2": {"e": 2, "z": 1}}
SET = labelled(QRELS)
SCORES = {"a": -2.0, "b": 0.5, "c": 1.5, "d": -1.0, "e": 3.0}


def file(content: str, name: str = "after.run") -> File:
    return File.uploaded(name, content.encode())


def run(name: str, **ranking: str) -> TrecRun:
    """`run("before", q1="abc")`: one letter a document, scores 10, 9, 8 ..."""
    return TrecRun(
        name=name,
        ranking={one: tuple((item, 10.0 - at) for at, item in enumerate(items)) for one, items in ranking.items()},
    )


def test_a_run_is_ordered_by_score_not_by_its_rank_column() -> None:
    found = read_run(file("q1 Q0 a 1 0.1 t\nq1 Q0 b 2 0.9 t\nq2 Q0 e 1 5 t\n"), SET)
    assert found.documents == {"q1": ["b", "a"], "q2": ["e"]}
    assert found.name == "after"


@pytest.mark.parametrize(
    "content",
    [
        "query Q0 docid rank score tag\nq1 Q0 a 1 0.1 t\nq1 Q0 b 2 0.9 t\n",
        "q1,Q0,a,1,0.1,t\nq1,Q0,b,2,0.9,t\n",
        'q1\tQ0\ta\t1\t0.1\t"my tag"\r\nq1\tQ0\tb\t2\t9e-1\t"my tag"\r\n',
        ",qid,Q0,docno,rank,score,name\n0,q1,Q0,a,1,0.1,t\n1,q1,Q0,b,2,0.9,t\n",
        "q1;Q0;a;1;0.1;t\nq1;Q0;b;2;0.9;t\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_run_in_other_shapes(content: str, encoding: str) -> None:
    found = read_run(File.uploaded("after.run", content.encode(encoding)), SET)
    assert (found.documents, found.notices) == ({"q1": ["b", "a"]}, ())


def test_ties_are_read_as_trec_eval_reads_them() -> None:
    # Equal as 32-bit floats: trec_eval puts the later id first.
    found = read_run(file("q1 Q0 a 1 1.000000001 t\nq1 Q0 c 2 1.0 t\nq1 Q0 b 3 1.0 t\n"), SET)

    assert found.documents == {"q1": ["c", "b", "a"]}
    assert found.notices == ("after.run: 2 documents are tied with the one above; ordered as trec_eval does.",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("q1 Q0 a 1\n", r"after\.run, line 1: expected query, Q0, document, rank, score and tag, found 4 columns"),
        ("q1 Q0 a 1 nan t\n", r"line 1: the score 'nan' is not a finite number"),
        ("q1 Q0 a 1 2 t\nq1 Q0 a 2 1 t\n", r"line 2: document 'a' is in the ranking of 'q1' twice"),
        ("q9 Q0 a 1 2 t\n", "no query of the set toy is in this file"),
        ("", "no query of the set toy is in this file"),
    ],
)
def test_a_run_with_faults(content: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_run(file(content), SET)


def test_a_query_that_the_set_does_not_have_is_noted() -> None:
    found = read_run(file("q1 Q0 a 1 2 t\nq9 Q0 a 1 2 t\n"), SET)
    assert found.notices == ("after.run, line 2: the set toy has no query 'q9'; its ranking is not used.",)


def test_two_runs_rank_as_they_stand() -> None:
    before, after = run("before", q1="abcd", q2="de"), run("after", q1="cab", q2="ed")
    pools, notices = pools_of_runs(SET, before, after)
    policy = policy_of(pools)

    assert (policy.reranker, policy.pool, notices) == ("after", 3, [])
    found = rankings_of(pools, policy)
    assert found[RETRIEVED] == found[StepName.FUSED] == {"q1": list("abcd"), "q2": list("de")}
    assert found[StepName.RERANKED] == {"q1": list("cab"), "q2": list("ed")}


def test_a_run_alone_is_its_own_final_order() -> None:
    pools, _ = pools_of_runs(SET, run("before", q1="abcd"))
    assert rankings_of(pools, policy_of(pools))[StepName.ADJUSTED] == {"q1": list("abcd")}


def test_an_after_run_that_found_other_documents_says_so() -> None:
    _, notices = pools_of_runs(SET, run("before", q1="ab", q2="de"), run("after", q1="bxa"))
    assert notices[0] == "after has no ranking for 1 queries of before, 'q2' first."
    assert notices[1].startswith("1 documents of after are not in before")


def test_candidates_come_back_as_they_were_written() -> None:
    ours = build({"q1": plain("abc", "cde", SCORES), "q2": plain("bad", "de", SCORES)}, SET)
    lines = "".join(f"{one.model_dump_json()}\n" for one in to_candidates(ours, {"ce": ScoreSpace.LOGIT}))
    found, notices = read_candidates(file(lines, "candidates.jsonl"), SET)
    theirs = pools_of_candidates(SET, found)
    policy = Policy(reranker="ce", pool=4)

    assert notices == ()
    assert rankings_of(theirs, policy) == rankings_of(ours, policy)
    assert theirs.scores["ce"].space is ScoreSpace.PROBABILITY
    assert sweeps.pool(theirs, policy, "nDCG@5", [1, 2, 3]) == sweeps.pool(ours, policy, "nDCG@5", [1, 2, 3])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"query_id": "q1"}', "“candidates” is missing. A line should look like"),
        (
            '{"query_id": "q1", "candidates": [{"id": "a", "found": {"dense": "high"}}]}',
            r"found › dense” should be a number",
        ),
        ('{"query_id": "q1", "candidates": [{"id": "a", "rank": 1}]}', "“candidates › 1 › rank” is not a field"),
        (
            '{"query_id": "q1", "candidates": [{"id": "a"}, {"id": "a"}]}',
            "candidate 'a' of query 'q1' is there twice",
        ),
        (
            '{"query_id": "q1", "candidates": []}\n{"query_id": "q1", "candidates": []}',
            "line 2: query 'q1' is in this file twice",
        ),
        ('{"query_id": "q1", "candidates": [{"id": "a", "scores": {"ce": NaN}}]}', "line 1"),
        ('{"query_id": "q9", "candidates": []}', "no query of the set toy"),
    ],
)
def test_candidates_with_faults(content: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_candidates(file(content, "candidates.jsonl"), SET)


@pytest.mark.slow
def test_exported_files_give_the_same_figures_through_the_command_of_ir_measures(tmp_path: Path) -> None:
    """Ids with spaces, passages that share documents, ties, a query without a relevant document, one without a find."""
    passages = [passage(one, document_id=f"doc {one.upper() if one in 'abc' else 'X'}") for one in "abcdef"]
    qrels = {
        "q 1": {"doc A": 1, "doc C": 3},
        "q2": {"doc X": 2, "doc Z": 1},
        "q3": {"doc A": 0},
        "q4": {"doc B": 1},
    }
    scores = dict.fromkeys("abcdef", 0.25) | {"c": 1.0}
    asked = labelled(qrels)
    measured = {
        "q 1": measurement("abcdef", "fedcba", scores, passages=passages),
        "q2": measurement("bad", "f", scores, passages=passages),
        "q3": measurement("ab", "c", scores, passages=passages),
        "q4": measurement("", "", scores, passages=passages),
    }
    rankings = rankings_of(build(measured, asked), Policy(reranker="ce", pool=6, top_k=2))
    names = ["nDCG@10", "RR@10", "P@5", "R@100", "AP@100", "Success@5"]
    values = values_of(asked, rankings, names)
    for name, content in to_trec(asked, rankings).items():
        (tmp_path / name).write_text(content)

    for step in ("fused", "reranked", "kept"):
        command = [sys.executable, "-m", "ir_measures", "qrels.trec", f"{step}.run", " ".join(names), "--places", "9"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        theirs = dict(line.split("\t") for line in done.stdout.splitlines())
        for name in names:
            ours = sum(values[step][name].values()) / len(asked.judged)
            assert ours == pytest.approx(float(theirs[name]), abs=1e-6), (step, name)


def test_ids_in_trec_files_hold_no_white_space() -> None:
    assert trec_id("policies/a b\tc.md") == "policies/a%20b%09c.md"


def test_pools_of_a_long_run_are_cut_and_say_so() -> None:
    items = tuple((f"d{n}", float(-n)) for n in range(250))
    pools, notices = pools_of_runs(SET, TrecRun(name="deep", ranking={"q1": items}))

    assert pools.shape == (1, 200)
    assert notices == ["deep is longer than 200; curves and the split of the loss use its first part."]
    assert metrics.documents(pools, step_rankings(pools, policy_of(pools))["fused"])["q1"][:2] == ["d0", "d1"]
