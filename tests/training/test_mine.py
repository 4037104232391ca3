"""Hard negatives: the search that finds them and the rules that leave false ones out."""

from __future__ import annotations

import random

import numpy as np
import pytest

from training.data import Passage
from training.mine import NEGATIVES, Bm25, Corpus, Question, allowed, groups, negatives, topic_questions, words

TEXTS = [
    "Blue whales eat krill. They live in every ocean.",
    "Krill are small crustaceans. Whales and seals eat them.",
    "The ocean covers most of the planet.",
    "A bicycle has two wheels and a chain.",
    "Bread is made from flour and water.",
    "Whales sing to each other over great distances.",
]


def corpus(vectors: np.ndarray | None = None) -> Corpus:
    passages = [Passage(str(i), text, f"article {i}", "") for i, text in enumerate(TEXTS)]
    questions = [Question("what do blue whales eat", 0, TEXTS[0], dev=False)]
    queries = None if vectors is None else vectors[:1]
    return Corpus("squad-train", passages, questions, Bm25(TEXTS), vectors, queries)


def test_words_are_content_words_without_a_plural_s() -> None:
    assert words("What do the Whales eat?") == ["whale", "eat"]


def test_search_gives_only_documents_that_share_a_word_best_first() -> None:
    found = Bm25(TEXTS).search("blue whale krill", 10)
    assert found[0] == 0
    assert set(found) == {0, 1, 5}


def test_scores_follow_the_formula() -> None:
    index = Bm25(["a1 b1", "b1 c1"])
    idf = np.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    score = index.matrix[index.vocabulary["a1"], 0]
    assert score == pytest.approx(idf * 1 * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 / 2)), rel=1e-5)


def test_the_sentence_with_the_rarest_shared_words_is_the_best() -> None:
    assert Bm25(TEXTS).best_sentence("which ocean do they live in", TEXTS[0]) == 1


def test_near_copies_of_the_positive_are_no_negatives() -> None:
    copy = Passage("6", TEXTS[0] + " Really.", "elsewhere", "")
    with_copy = corpus()
    longer = Corpus("squad-train", [*with_copy.passages, copy], with_copy.questions, Bm25([*TEXTS, copy.text]))
    assert not allowed(longer, longer.questions[0], 6, None)
    assert allowed(longer, longer.questions[0], 1, None)


def test_what_the_bi_encoder_holds_clearly_closer_than_the_positive_is_no_negative() -> None:
    vectors = np.eye(6, 8, dtype=np.float32)
    searched = corpus(vectors)
    similarity = np.array([0.5, 0.6, 0.54, 0.0, 0.0, 0.0], dtype=np.float32)
    assert not allowed(searched, searched.questions[0], 1, similarity)  # 0.6 > 0.5 + 0.05
    assert allowed(searched, searched.questions[0], 2, similarity)  # 0.54 < 0.5 + 0.05


def test_a_group_is_the_positive_and_four_others() -> None:
    (group,) = groups(corpus(), [corpus()], random.Random(1))
    documents = group["documents"]
    assert isinstance(documents, list)
    assert len(documents) == 1 + NEGATIVES
    assert "Blue whales eat krill." in documents[0]
    assert TEXTS[0] not in documents[1 : NEGATIVES - 1]


def test_a_topic_question_is_answered_by_another_passage_of_its_document() -> None:
    articles = [
        Passage("0", "Whales eat krill. They sing at night. The ocean is large.", "whales", ""),
        Passage("1", "Krill is what whales eat when they sing.", "whales", ""),
        Passage("2", "Whales sing at night in the large ocean and eat krill.", "another article", ""),
        Passage("3", "A bicycle has two wheels.", "bicycles", ""),
    ]
    (question,) = topic_questions("squad-train", articles, Bm25(p.text for p in articles), random.Random(1), 1.0)
    assert (question.positive, question.origin) == (1, 0)
    assert question.query in articles[0].text
    found = Corpus("squad-train", articles, [question], Bm25(p.text for p in articles))
    assert 0 not in negatives(found, question, None, {1}, random.Random(1))
