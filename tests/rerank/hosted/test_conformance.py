"""Every adapter passes the same suite: the one without a model, late interaction, a cross-encoder, every service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.fixed import FixedReranker
from rag_core.rerank.hosted.providers import PROVIDERS
from rag_core.rerank.hosted.service import HostedReranker
from rag_core.rerank.late_interaction import LateInteractionReranker
from tests.rerank.conformance import ODD, PASSAGES, QUERY, Conformance, Subject
from tests.rerank.conformance_server import KEY, WIRES, Service, running

LOCAL = {"fixed": FixedReranker(), "late interaction": LateInteractionReranker()}
ROWS = 16
"""Rows of a local model's batch, or more."""


class TestLocal(Conformance):
    """Adapters that run in this process."""

    @pytest.fixture(params=["fixed", "late interaction", "cross-encoder", "on OpenVINO"])
    def subject(
        self, request: pytest.FixtureRequest, reranker: CrossEncoderReranker, fast: CrossEncoderReranker
    ) -> Subject:
        return Subject({"cross-encoder": reranker, "on OpenVINO": fast, **LOCAL}[request.param], ROWS)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running() as found:
        yield found


class TestServed(Conformance):
    """Adapters over HTTP, against a server that answers as each service documents."""

    @pytest.fixture(params=WIRES)
    def subject(self, request: pytest.FixtureRequest, service: Service) -> Iterator[Subject]:
        name = request.param
        service.reset()
        reranker = HostedReranker(
            PROVIDERS[name], MODELS.get(name, "m"), f"{service.address}/{name}", SecretStr(KEY), sleep=never
        )
        yield Subject(reranker, WIRES[name].limit)
        reranker.close()

    def test_scores_are_the_services_own(self, subject: Subject, service: Service) -> None:
        wire = WIRES[subject.reranker.name.partition(":")[0]]
        # "refunds take five days" has 2 of the query's 5 words, "how long do cats sleep" 3, the last one all 5.
        shares = [2 / 5, 0 / 5, 3 / 5, 0 / 5, 0 / 5, 5 / 5]
        expected = [8 * share - 4 for share in shares] if wire.logits else shares
        assert subject.scores(list(PASSAGES)) == pytest.approx(expected)
        assert service.requests == 1

    def test_nothing_is_asked_about_nothing(self, subject: Subject, service: Service) -> None:
        subject.scores([])
        assert service.requests == 0

    def test_the_service_gets_the_text_as_it_is(self, subject: Subject, service: Service) -> None:
        wire = WIRES[subject.reranker.name.partition(":")[0]]
        subject.scores(list(ODD), QUERY)
        assert [wire.text(each) for each in service.asked[0][wire.documents]] == [
            text.replace("\ud800", "?") for text in ODD
        ]

    def test_requests_hold_what_the_service_takes(self, subject: Subject, service: Service) -> None:
        scored = subject.reranker.score(QUERY, ["cats"] * (2 * subject.limit + 1))
        assert scored.batches == service.requests == 3
        assert 1 <= service.most_under_way <= 4


MODELS = {"pinecone": "bge-reranker-v2-m3"}


def never(seconds: float) -> None:
    raise AssertionError(f"nothing went wrong, so nothing is to be waited for ({seconds} s)")


def test_every_service_is_in_the_suite() -> None:
    variants = {"tei-sigmoid", "jina-shaped-logits"}  # another option, another score space, the same shape
    assert set(PROVIDERS) - variants == set(WIRES)
