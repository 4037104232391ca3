"""What every reranker must do, whatever it is: a class of tests to inherit, with a fixture `subject` of one's own.

    class TestMine(Conformance):
        @pytest.fixture
        def subject(self) -> Subject: ...

`Subject.limit` is what the adapter takes at once: a request's documents, a batch's rows.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from rag_core.rerank.base import Reranker
from rag_core.schema.protocols import missing_members
from rag_core.schema.spaces import ScoreSpace

QUERY = "how long do refunds take"
PASSAGES = (
    "refunds take five days",
    "cats sleep",
    "how long do cats sleep",
    "shipping is free",
    "cats sleep",
    "how long do refunds take",
)
ODD = ("", "😀 привет 你好 مرحبا", "lone \ud800 surrogate", 'quotes " \\ and\nlines\tand \x00', "ﬁ ﬂ é e\u0301")
WORDS = ["refunds", "take", "five", "days", "cats", "sleep", "shipping", "is", "free", "how", "long"]
SAME = 1e-5
"""Scores of the same pair in another company differ by no more than this."""


@dataclass(frozen=True)
class Subject:
    """The reranker under test and how many passages it takes at once."""

    reranker: Reranker
    limit: int

    def scores(self, passages: list[str], query: str = QUERY) -> list[float]:
        """The scores as plain numbers."""
        return [pair.score for pair in self.reranker.score(query, passages).pairs]


def close(left: list[float], right: list[float]) -> bool:
    """True for the same scores in the same places."""
    return len(left) == len(right) and all(abs(a - b) <= SAME for a, b in zip(left, right, strict=True))


class Conformance:
    """The protocol of `rag_core.rerank.base`, as tests."""

    def test_scores_stand_in_the_order_of_the_passages(self, subject: Subject) -> None:
        whole = subject.scores(list(PASSAGES))
        places = list(range(len(PASSAGES)))
        random.Random(4).shuffle(places)
        assert close(subject.scores([PASSAGES[place] for place in places]), [whole[place] for place in places])
        assert len(set(whole)) > 2

    def test_the_same_passage_gets_the_same_score(self, subject: Subject) -> None:
        whole = subject.scores(list(PASSAGES))
        assert whole[1] == whole[4]

    def test_no_passages_no_scores(self, subject: Subject) -> None:
        assert subject.reranker.score(QUERY, []).pairs == ()

    def test_one_passage_scores_as_it_does_among_others(self, subject: Subject) -> None:
        whole = subject.scores(list(PASSAGES))
        assert close([subject.scores([passage])[0] for passage in PASSAGES], whole)

    def test_more_passages_than_it_takes_at_once(self, subject: Subject) -> None:
        rng = random.Random(1)
        many = [" ".join(rng.choices(WORDS, k=4)) for _ in range(2 * subject.limit + 1)]
        whole = subject.scores(many)
        picked = [0, subject.limit - 1, subject.limit, 2 * subject.limit]
        assert len(whole) == len(many)
        assert close([whole[place] for place in picked], subject.scores([many[place] for place in picked]))

    def test_any_text_is_scored(self, subject: Subject) -> None:
        whole = subject.scores([*ODD, PASSAGES[0]], "ça dure 😀 \ud800")
        assert len(whole) == len(ODD) + 1
        assert all(math.isfinite(score) for score in whole)

    def test_an_over_long_passage_is_scored(self, subject: Subject) -> None:
        long = "refunds take five days " + "cats " * 5_000
        assert all(math.isfinite(score) for score in subject.scores([long, PASSAGES[0]]))

    def test_twice_the_same(self, subject: Subject) -> None:
        assert subject.scores(list(PASSAGES)) == subject.scores(list(PASSAGES))

    def test_progress_ends_with_all(self, subject: Subject) -> None:
        seen: list[tuple[int, int]] = []
        fresh = [f"{passage} {i}" for i, passage in enumerate(PASSAGES)]  # none that it may remember, none twice
        subject.reranker.score(QUERY, fresh, lambda done, total: seen.append((done, total)))
        assert seen[-1] == (len(PASSAGES), len(PASSAGES))
        assert seen == sorted(seen)

    def test_its_scores_are_of_the_space_that_it_names(self, subject: Subject) -> None:
        low, high = {
            ScoreSpace.PROBABILITY: (0.0, 1.0),
            ScoreSpace.GRADE: (0.0, 1.0),
            ScoreSpace.MAXSIM: (-1.0, 1.0),
            ScoreSpace.LOGIT: (-math.inf, math.inf),
        }.get(subject.reranker.space, (-math.inf, math.inf))
        assert all(low <= score <= high for score in subject.scores(list(PASSAGES)))

    def test_it_is_loaded_once_and_has_a_name(self, subject: Subject) -> None:
        subject.reranker.load()
        took = subject.reranker.load_ms
        subject.reranker.load()
        assert subject.reranker.load_ms == took > 0
        assert subject.reranker.model.strip()

    def test_it_says_what_computes_it_and_how_many_passages_cost_as_much_as_one(self, subject: Subject) -> None:
        assert missing_members(Reranker, subject.reranker) == missing_members(Reranker, type(subject.reranker)) == []
        assert isinstance(subject.reranker.runs_on, str)
        assert subject.reranker.slice_size >= 1
