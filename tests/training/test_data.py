"""Cleaning, splitting and cutting of the training sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.data import clean_query, detokenise, is_dev, read_pairs, read_passages, sentences, window


@pytest.mark.parametrize(
    ("tokenised", "plain"),
    [
        ("the park ( NP ) , in 1968 .", "the park (NP), in 1968."),
        ("California 's coast is n't long", "California's coast isn't long"),
        ("a `` slogan '' of 12 %", 'a "slogan" of 12%'),
        ("the top - seeded team", "the top-seeded team"),
    ],
)
def test_penn_treebank_spacing_is_undone(tokenised: str, plain: str) -> None:
    assert detokenise(tokenised) == plain


def test_template_marks_leave_the_medical_questions() -> None:
    assert clean_query("medquad", "What is (are) Tremor ?") == "What is Tremor?"
    assert clean_query("squad-train", "Who  won ?") == "Who won ?"


def test_a_document_is_wholly_on_one_side_and_few_are_held_out() -> None:
    held = [name for name in (f"Article {i}" for i in range(5000)) if is_dev("squad-train", name)]
    assert 0.02 < len(held) / 5000 < 0.06
    assert is_dev("clapnq-train", "813721609_1901-2605") == is_dev("clapnq-train", "813721609_3000-3100")


def test_a_window_grows_around_its_sentence_by_whole_sentences() -> None:
    text = "One two three. Four five six. Seven eight nine. Ten eleven twelve."
    assert len(sentences(text)) == 4
    assert window(text, 3, centre=2) == "Seven eight nine."
    assert window(text, 6, centre=3) == "Seven eight nine. Ten eleven twelve."
    assert window(text, 6) == "One two three. Four five six."
    assert window(text, 100, centre=1) == text


def test_a_window_of_one_endless_sentence_is_cut() -> None:
    assert len(window("word " * 500, 30).split()) == 30 + 20


def test_sets_are_read_as_their_files_say(tmp_path: Path) -> None:
    folder = tmp_path / "qed-train"
    folder.mkdir()
    (folder / "passages.jsonl").write_text(json.dumps({"id": "p1", "text": "It is red .", "source": "Red_(colour)"}))
    (folder / "pairs.jsonl").write_text(json.dumps({"query": "what is it", "passage_id": "p1"}))
    passage = read_passages(tmp_path, "qed-train")["p1"]
    assert (passage.text, passage.title) == ("It is red.", "Red (colour)")
    assert read_pairs(tmp_path, "qed-train")[0].passage_id == "p1"
