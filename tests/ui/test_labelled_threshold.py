"""The Scores page's threshold of labelled questions: it is put into the settings only where it is advised."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

PAGE = Path(__file__).parents[2] / "pages" / "2_scores.py"
ANSWERABLE = [
    "A refund takes five working days to arrive.",
    "How many working days does a refund take to arrive?",
    "Goods can be returned within thirty days.",
    "Within how many days can goods be returned?",
    "KB-17 means that the disk is full.",
    "Does KB-17 mean that the disk is full?",
]
UNANSWERABLE = ["Who won the cup?", "What is the capital of Peru?", "Sing me a song", "Is it snowing in May?"]
pytestmark = pytest.mark.usefixtures("sample")


def ask(answerable: list[str], unanswerable: list[str], document: str = "") -> None:
    """Make these the sample's questions; each answerable one is answered by its document, or by the one named."""
    folder, lines, grades = Path(os.environ["SECOND_PASS_SAMPLE_DIR"]), [], ["query-id\tcorpus-id\tscore"]
    for at, text in enumerate(answerable):
        lines.append({"_id": str(at), "text": text, "kind": "literal"})
        grades.append(f"{at}\t{document or ('refunds.md', 'returns.md', 'errors.md')[at // 2]}\t3")
    lines += [{"_id": f"u{at}", "text": text, "kind": "unanswerable"} for at, text in enumerate(unanswerable)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    (folder / "qrels.tsv").write_text("\n".join(grades) + "\n", encoding="utf-8")


def scored() -> AppTest:
    at = AppTest.from_file(str(PAGE), default_timeout=300)
    at.query_params["r"], at.query_params["fp"] = "Late interaction (MaxSim)", ""
    at.run()
    at.button(key="score_set").click().run()
    assert not at.exception
    return at


def advice(at: AppTest) -> str:
    return next(one.proto.body for one in at.get("html") if 'data-testid="choice"' in one.proto.body)


def test_a_threshold_that_separates_can_be_set() -> None:
    ask(ANSWERABLE, UNANSWERABLE)
    at = scored()
    assert "Cut at maxsim" in advice(at) and "put_best" in [one.key for one in at.button]


def test_no_threshold_is_set_where_none_is_advised() -> None:
    ask(ANSWERABLE, UNANSWERABLE, "refunds.md")
    at = scored()
    assert "No threshold separates" in advice(at) and "put_best" not in [one.key for one in at.button]
    assert "The band is the 95% interval of the threshold that costs least" in " ".join(one.value for one in at.caption)
