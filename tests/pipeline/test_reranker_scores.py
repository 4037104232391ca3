"""What a question's pair scores are after failures, another model and another asker: each pair its own model's."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag_core.diagnosis import locate
from rag_core.diagnosis.expected import Expected
from rag_core.errors import BadInput, ModelError
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.pipeline.reranker_scores import join_scores
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.base import Reranker, Scored
from rag_core.schema.measurement import Measurement, RerankerScores
from rag_core.schema.policy import Policy
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore, StepWarning, Timing
from tests.diagnosis.worlds import Passage, world

KEY = "x:mine"
NARROW, WIDE = Policy(reranker=KEY, pool=5, top_k=3), Policy(reranker=KEY, pool=10, top_k=3)
WORLD = world(*(Passage(f"d{n}", 0.9 - n / 50) for n in range(12)))


class Server:
    """A server of one's own: it says that its first answer was degraded, and may be restarted with another model."""

    space, runs_on, slice_size, identified = ScoreSpace.LOGIT, "CPU", 1, True

    def __init__(self) -> None:
        self.model, self.loads_as, self.load_ms = "m1", "m1", 0.0
        self.fails, self.calls, self.pairs = False, 0, 0

    def load(self) -> None:
        self.model = self.loads_as

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        if self.fails:
            raise ModelError("The server does not reply. Start it again.")
        self.calls += 1
        self.pairs += len(passages)
        notes = (StepWarning(code="degraded", message="The first answer was degraded."),) if self.calls == 1 else ()
        score = {"m1": 3.0, "m2": -3.0}[self.model]
        return Scored(pairs=tuple(PairScore(score=score) for _ in passages), notes=notes)


def pipeline(server: Server) -> Pipeline:
    return Pipeline(WORLD.collection, WORLD.pipeline.embedder, rerankers=lambda _: server)


def without_key() -> Pipeline:
    def refuse(key: str) -> Reranker:
        raise BadInput(f"{key} is not offered here. Choose another reranker.")

    return Pipeline(WORLD.collection, WORLD.pipeline.embedder, rerankers=refuse)


def scored(measured: Measurement) -> RerankerScores:
    return measured.rerankings[KEY]


def values(scores: RerankerScores) -> set[float]:
    return {pair.score for pair in scores.pairs.values()}


@pytest.fixture
def narrow() -> tuple[Server, Pipeline, Measurement]:
    """A pool of 5 that m1 has scored."""
    server = Server()
    ways = pipeline(server)
    return server, ways, ways.score(ways.measure("refund"), NARROW)


def test_a_restart_with_another_model_that_fails_at_first_leaves_one_model_in_the_ranking(narrow) -> None:
    server, ways, measured = narrow
    server.loads_as, server.fails = "m2", True
    failed = ways.score(measured, WIDE)
    known = scored(failed)
    assert (known.model, len(known.pairs), values(known)) == ("m1", 5, {3.0})
    assert replay(failed, WIDE).rerank.status == "failed"
    assert replay(failed, NARROW).rerank.model == "m1"
    server.fails = False
    after = scored(ways.score(failed, WIDE))
    assert (after.model, len(after.pairs), values(after), after.failure) == ("m2", 10, {-3.0}, None)


@pytest.mark.parametrize("same_model", [True, False])
def test_a_failure_without_pairs_adds_what_it_cost_and_keeps_whose_scores_they_are(narrow, same_model) -> None:
    _, _, measured = narrow
    known = scored(measured)
    failing = Server()
    failing.loads_as, failing.fails = ("m1" if same_model else "m2"), True
    after = scored(pipeline(failing).score(measured, WIDE))
    assert (after.model, after.space, after.runs_on) == (known.model, known.space, known.runs_on)
    assert after.pairs == known.pairs
    assert after.failure == "The server does not reply. Start it again."
    assert after.timing.took_ms > known.timing.took_ms


def test_notes_of_an_earlier_slice_stay_when_a_wider_pool_is_scored(narrow) -> None:
    _, ways, measured = narrow
    wider = ways.score(measured, WIDE)
    assert [note.code for note in scored(wider).notes] == ["degraded"]
    assert "degraded" in [one.code for one in replay(wider, WIDE).reranked_step.warnings]


def test_an_asker_without_the_reranker_changes_nothing_of_what_another_has_scored() -> None:
    server = Server()
    ana = QuerySession(pipeline(server), "refund", asker="ana")
    before = ana.trace(NARROW)
    ben = ana.using(without_key(), "ben").trace(WIDE)
    assert (ben.rerank.status, ben.rerank.reason) == ("failed", f"{KEY} is not offered here. Choose another reranker.")
    after = ana.replayed(NARROW)
    assert after is not None
    assert after.rerank == before.rerank
    assert after.reranked_step.with_(timing=before.reranked_step.timing) == before.reranked_step
    ana.trace(NARROW)
    assert server.pairs == 5


def test_each_asker_sees_its_own_failure_and_what_would_keep_a_document_is_no_other_askers() -> None:
    server = Server()
    ana = QuerySession(pipeline(server), "refund", asker="ana")
    ben = ana.using(without_key(), "ben")
    ana.trace(NARROW)
    location = locate(WORLD.collection, Expected(document="d7"))
    before = ana.what_if(NARROW, location)
    assert before.unscored
    ben.trace(WIDE)
    assert ana.what_if(NARROW, location) == before
    server.fails = True
    assert ana.trace(WIDE).rerank.reason == "The server does not reply. Start it again."
    assert ben.trace(WIDE).rerank.reason == f"{KEY} is not offered here. Choose another reranker."
    server.fails = False
    ana.retry()
    assert ana.trace(WIDE).rerank.status == "ran"
    assert ben.trace(WIDE).rerank.status == "ran"


def test_a_reranker_that_failed_for_another_asker_alone_was_not_asked_for_this_one() -> None:
    ana = QuerySession(pipeline(Server()), "refund", asker="ana")
    ana.search(NARROW)
    assert ana.using(without_key(), "ben").trace(NARROW).rerank.status == "failed"
    assert ana.measurement is not None and KEY not in ana.measurement.rerankings
    assert ana.replayed(NARROW) is None
    assert ana.trace(NARROW).rerank.status == "ran"


def test_a_failure_before_any_model_names_none_and_hides_no_model_that_failed() -> None:
    ways = without_key()
    nobody = ways.score(ways.measure("refund"), NARROW)
    assert scored(nobody).model == ""
    assert replay(nobody, NARROW).rerank.model == ""
    server = Server()
    server.fails = True
    failed = pipeline(server).score(nobody, NARROW)
    assert (scored(failed).model, scored(failed).space) == ("m1", ScoreSpace.LOGIT)
    again = scored(ways.score(failed, NARROW))
    assert (again.model, again.space, again.runs_on) == ("m1", ScoreSpace.LOGIT, "CPU")
    assert again.failure == f"{KEY} is not offered here. Choose another reranker."


def test_what_two_scored_at_once_is_joined_and_shared_pairs_are_counted_once() -> None:
    ab, bcd = (
        RerankerScores(
            model="m1",
            space=ScoreSpace.LOGIT,
            pairs={name: PairScore(score=1.0) for name in names},
            timing=Timing(took_ms=10.0 * len(names)),
            tokens=30 * len(names),
            notes=(StepWarning(code=names, message="Said once."),),
        )
        for names in ("ab", "bcd")
    )
    both = join_scores(ab, bcd)
    assert set(both.pairs) == set("abcd")
    assert both.tokens == 30 * 2 + 30 * 3 * 2 / 3  # two of the other's three pairs are new
    assert both.timing == Timing(took_ms=10.0 * 2 + 10.0 * 3 * 2 / 3, estimated=True)
    assert [note.code for note in both.notes] == ["ab", "bcd"]
    assert join_scores(both, ab) == both
    assert join_scores(both, ab.with_(model="m2")).pairs == ab.pairs
