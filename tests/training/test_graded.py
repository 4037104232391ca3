"""Groups and pools of a graded knowledge base."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

from training import graded
from training.data import RELEVANT, read_base, read_rows
from training.graded import CANDIDATES, candidates, misspelt, typed

RULES = [
    f"Plan {name}\nPlan {name} costs {price} euros a month."
    for name, price in zip("ABCDEFGHIJKL", range(12), strict=True)
]


def write_base(folder: Path) -> Path:
    """Twelve near-twins; one question that one of them answers, one that nothing answers."""
    folder.mkdir(parents=True)
    passages = [{"_id": f"p{i}", "title": "Prices", "text": text} for i, text in enumerate(RULES)]
    asked = [
        ("q1", "What does plan C cost a month?", "near-twin", True),
        ("q2", "Is plan Z cheap?", "unanswerable", False),
    ]
    queries = [{"_id": i, "text": t, "metadata": {"kind": k, "answerable": a}} for i, t, k, a in asked]
    grades = [("q1", "p2", 3), ("q1", "p3", 1), ("q1", "p1", 1), ("q1", "p0", 0), ("q2", "p3", 1)]
    for name, rows in (("corpus", passages), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    lines = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, row)) for row in grades)]
    (folder / "qrels.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_base_is_read_with_titles_above_and_all_its_grades(tmp_path: Path) -> None:
    base = read_base(write_base(tmp_path / "prices"))
    assert (base.name, len(base.texts)) == ("prices", 12)
    assert base.texts["p2"].splitlines()[:2] == ["Prices", "Plan C"]
    assert base.questions[0].grades == {"p2": 3, "p3": 1, "p1": 1, "p0": 0}
    assert [question.answerable for question in base.questions] == [True, False]


def test_a_base_whose_marks_contradict_its_grades_is_refused(tmp_path: Path) -> None:
    folder = write_base(tmp_path / "prices")
    with (folder / "qrels.tsv").open("a", encoding="utf-8") as file:
        file.write("q2\tp1\t3\n")
    with pytest.raises(ValueError, match="q2 is marked answerable or not"):
        read_base(folder)


def test_candidates_are_the_answer_and_its_near_twins_or_the_twins_alone(tmp_path: Path) -> None:
    base = read_base(write_base(tmp_path / "prices"))
    question, order = base.questions[0], list(base.texts)
    full = candidates(question, order, False, random.Random(1))
    emptied = candidates(question, order, True, random.Random(1))
    assert len(set(full)) == len(set(emptied)) == CANDIDATES
    assert {"p1", "p2", "p3"} <= set(full)
    assert {"p1", "p3"} <= set(emptied)
    assert "p2" not in emptied


def test_questions_are_typed_in_other_ways_and_codes_stay() -> None:
    rng = random.Random(4)
    assert typed("Is Form K-7 not needed?", "lower case", rng) == "is form k-7 not needed"
    assert typed("Is the form K-7 not needed?", "keywords", rng) == "form K-7 not needed"
    assert typed("Is it?", "keywords", rng) == "Is it?"
    for _ in range(50):
        wrong = misspelt("K-7734X refunds", rng)
        assert wrong.startswith("K-7734X ")
    assert misspelt("K-7 is 12.50", rng) == "K-7 is 12.50"


def test_a_base_is_trained_on_or_kept_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ours", "theirs"):
        write_base(tmp_path / "bases" / name)
    out = tmp_path / "out"
    monkeypatch.setattr(
        sys, "argv", ["graded", str(tmp_path / "bases"), str(out), "--kept-out", "theirs", "--rounds", "2"]
    )
    graded.main()
    groups, pools = read_rows(out / "graded.jsonl"), read_rows(out / "pools-theirs.jsonl")
    assert {row["set"] for row in groups} == {"ours"}
    assert len(groups) >= 2 * 2
    assert all(len(row["documents"]) == len(row["grades"]) == CANDIDATES for row in groups)
    assert [row["answerable"] for row in pools] == [True, False]
    assert pools[0]["labels"] == [int(grade >= RELEVANT) for grade in pools[0]["grades"]]
    assert sum(pools[0]["labels"]) == 1
    assert not (out / "pools-ours.jsonl").exists()
