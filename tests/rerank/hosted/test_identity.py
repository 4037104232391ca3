"""Whose scores are shown: those of the model that a server runs now, asked of the server itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from rag_core.errors import ModelError
from rag_core.rerank.hosted.http import RetryPolicy
from rag_core.rerank.hosted.identity import (
    BEFORE_SCORING_S,
    MAX_AGE_S,
    RETRY_S,
    ModelWatch,
    ServedModel,
    ServerUnreachable,
    ask,
    of_month,
    start_session,
)
from rag_core.rerank.hosted.provider import INFO, MODELS, PROPS, Probe
from rag_core.rerank.hosted.providers import PROVIDERS
from rag_core.rerank.hosted.service import HostedReranker
from rag_core.rerank.scoring import score_pairs
from tests.builders import passage
from tests.rerank.conformance_server import KEY, WIRES, Fault, Model, Service, running
from tests.rerank.test_scoring import Kept

PASSAGES = [passage("a", "red cats"), passage("b", "blue")]
OTHER = Model("maker/other", "fedcba9876543210fedcba9876543210fedcba98", factor=0.5)
SAYS_WHO = [name for name, wire in WIRES.items() if wire.says]


@pytest.fixture(scope="module")
def shared() -> Iterator[Service]:
    with running() as found:
        yield found


@pytest.fixture
def service(shared: Service) -> Iterator[Service]:
    shared.reset()
    yield shared
    shared.let_go.set()


class Clock:
    """Seconds that a test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def served(service: Service, name: str, clock: Clock | None = None) -> HostedReranker:
    return HostedReranker(
        PROVIDERS[name],
        address=f"{service.address}/{name}",
        secret=SecretStr(KEY),
        retry=RetryPolicy(attempts=2),
        sleep=lambda _: None,
        clock=clock or Clock(),
    )


def shown(reranker: HostedReranker, cache: Kept) -> dict[str, float]:
    scored = score_pairs(reranker, "red cats", PASSAGES, cache)
    assert scored.failure is None
    return {name: pair.score for name, pair in scored.pairs.items()}


@pytest.mark.parametrize("name", SAYS_WHO)
def test_the_identity_names_the_model_and_never_the_key(name: str, service: Service) -> None:
    reranker = served(service, name)
    assert reranker.identified
    assert reranker.model.startswith(f"{reranker.name} (maker/reranker")
    assert KEY not in reranker.model
    assert reranker.model == served(service, name).model


@pytest.mark.parametrize("name", SAYS_WHO)
def test_a_server_that_was_restarted_with_another_model_does_not_get_the_old_scores(
    name: str, service: Service
) -> None:
    cache = Kept()
    old = shown(served(service, name), cache)
    service.model = OTHER
    start_session()
    new = shown(served(service, name), cache)
    assert new == {passage_id: pytest.approx(score * OTHER.factor) for passage_id, score in old.items()}
    service.model = Model()
    asked = service.requests
    assert shown(served(service, name), cache) == old
    assert service.requests == asked, "the first model's scores are still known"


@pytest.mark.parametrize("name", [name for name in SAYS_WHO if name not in ("infinity", "cohere-shaped")])
def test_another_revision_of_the_same_name_is_another_model(name: str, service: Service) -> None:
    first = served(service, name).model
    service.model = Model(revision="f" * 39)
    assert served(service, name).model != first


def test_a_server_says_what_it_runs_at_an_address_with_another_call(service: Service) -> None:
    typed = HostedReranker(PROVIDERS["vllm"], address=f"{service.address}/vllm/v1/models", secret=SecretStr(KEY))
    assert typed.identified


def test_without_reason_a_server_is_not_asked_again(service: Service) -> None:
    clock = Clock()
    reranker = served(service, "tei", clock)
    assert {reranker.model for _ in range(5)} == {reranker.model}
    assert service.looked_up == 1
    clock.now += MAX_AGE_S + 1
    service.model = OTHER
    assert "maker/other" in reranker.model
    assert service.looked_up == 2


def test_it_is_asked_at_the_start_of_a_session(service: Service) -> None:
    reranker = served(service, "tei")
    assert "maker/reranker" in reranker.model
    service.model = OTHER
    assert "maker/reranker" in reranker.model
    start_session()
    assert "maker/other" in reranker.model


def test_it_is_asked_before_passages_are_sent(service: Service) -> None:
    clock = Clock()
    reranker, cache = served(service, "tei", clock), Kept()
    assert "maker/reranker" in reranker.model
    service.model = OTHER
    clock.now += BEFORE_SCORING_S + 1
    shown(reranker, cache)
    assert {model for model, _, _ in cache.pairs} == {reranker.model}
    assert "maker/other" in reranker.model


def test_scores_of_two_models_are_never_one_result(service: Service) -> None:
    """The server goes away while it scores, and comes back with another model."""
    reranker, cache = served(service, "tei"), Kept()
    service.faults = [Fault(hang_up=True, restart=OTHER)]
    scored = score_pairs(reranker, "red cats", PASSAGES, cache)
    assert "was restarted while it scored. Score again" in (scored.failure or "")
    assert (scored.pairs, cache.pairs) == ({}, {})
    assert set(shown(reranker, cache)) == {"a", "b"}
    assert all("maker/other" in model for model, _, _ in cache.pairs)


def test_a_server_that_cannot_say_what_it_runs_leaves_no_scores_behind(service: Service) -> None:
    service.mute = True
    reranker, cache = served(service, "tei"), Kept()
    assert not reranker.identified
    assert "(unknown " in reranker.model
    shown(reranker, cache)
    assert cache.pairs == {}
    assert reranker.model != served(service, "tei").model, "no other instance may take its scores for its own"


def test_scores_of_an_unknown_model_end_with_a_session_or_a_lost_connection(service: Service) -> None:
    service.mute = True
    clock = Clock()
    reranker = served(service, "tei", clock)
    first = reranker.model
    assert reranker.model == first
    service.faults = [Fault(hang_up=True)]
    with pytest.raises(ModelError, match="was restarted while it scored"):
        reranker.score("red cats", ["blue"])
    second = reranker.model
    assert second != first
    clock.now += MAX_AGE_S + 1
    assert reranker.model == second
    start_session()
    assert reranker.model != second


def test_an_unreachable_server_keeps_the_identity_it_had_and_is_asked_again_soon() -> None:
    clock = Clock()
    with running() as first:
        reranker = served(first, "tei", clock)
        known, port = reranker.model, int(first.address.rpartition(":")[2])
        assert "maker/reranker" in known
    with pytest.raises(ModelError, match="cannot be reached"):
        reranker.score("red cats", ["blue"])
    assert reranker.model == known
    with running(port) as second:
        second.model = OTHER
        clock.now += RETRY_S + 1
        assert "maker/other" in reranker.model
        assert reranker.score("red cats", ["red cats"]).pairs[0].score == (8 * 1 - 4) * OTHER.factor
    reranker.close()


def test_a_server_that_was_never_reached_is_unknown() -> None:
    reranker = HostedReranker(PROVIDERS["tei"], address="http://127.0.0.1:9")
    assert not reranker.identified
    assert reranker.model.startswith("tei:http://127.0.0.1:9 (unknown")


def test_a_request_that_is_too_large_is_split_by_what_the_server_says(service: Service) -> None:
    service.limit = 10
    reranker = served(service, "tei")
    texts = ["red cats" if number % 3 else "blue" for number in range(40)]
    scores = [pair.score for pair in reranker.score("red cats", texts).pairs]
    assert scores == [8 * 1 - 4 if number % 3 else -4 for number in range(40)]
    sizes = [len(body["texts"]) for body in service.asked]
    # 40 are sent as 32 and 8; of the 32, which are refused, 10 + 10 + 10 + 2 are sent.
    assert sorted(sizes) == [2, 8, 10, 10, 10, 32]
    service.asked.clear()
    reranker.score("red cats", texts)
    assert [len(body["texts"]) for body in service.asked] == [10, 10, 10, 10]


def test_a_server_that_does_not_say_how_much_it_takes_gets_halves_of_halves(service: Service) -> None:
    service.most_chars = 12
    reranker = served(service, "jina-shaped")
    texts = ["red cats", "red", "blue", "cats", "red cats", "blue", "blue", "red"]
    found = [pair.score for pair in reranker.score("red cats", texts).pairs]
    sent = [[*body["documents"]] for body in service.asked]
    # Of 8 texts with 38 characters: 4 with 19 are too large, 2 with 11 are not; 8 and 4 with 8 are sent, and so on.
    assert sent == [texts, texts[:4], texts[:2], texts[2:4], texts[4:], texts[4:6], texts[6:]]
    service.most_chars = None
    assert found == [pair.score for pair in served(service, "jina-shaped").score("red cats", texts).pairs]


@pytest.mark.parametrize("name", ["jina-shaped", "tei"])
def test_one_passage_that_is_too_large_says_what_to_do_and_ends_it(service: Service, name: str) -> None:
    service.most_chars = 12
    reranker = served(service, name)
    with pytest.raises(ModelError, match=r"\(413\).*one passage of 25 characters.*shorter passages"):
        reranker.score("red cats", ["blue", "cats", "c" * 25, "red"])
    sizes = [len(body["documents" if name == "jina-shaped" else "texts"]) for body in service.asked]
    assert sizes == [4, 2, 2, 1]  # the last two are halved, the long one is refused alone, nothing is sent after it
    service.asked.clear()
    with pytest.raises(ModelError, match="25 characters"):
        reranker.score("red cats", ["c" * 25])
    assert len(service.asked) == 1
    service.asked.clear()
    reranker.score("red cats", ["red"] * 4)
    assert len(service.asked) == 1, "one bad passage is no reason for small requests"


def asked(probe: Probe, answer: Any, named: str = "") -> ServedModel:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
    with httpx.Client(transport=transport) as client:
        return ask(client, "http://a:1", (probe,), {}, named)


def test_one_of_several_models_is_meant_by_name_and_otherwise_all_count() -> None:
    two = {"data": [{"id": "b", "root": "/b"}, {"id": "a", "root": "/a"}]}
    assert str(asked(MODELS, two, "b")) == "b, /b"
    assert asked(MODELS, two, "c") == ServedModel()
    assert asked(MODELS, two).model == "a + b"
    assert str(asked(MODELS, {"data": [{"id": "only"}]}, "any alias")) == "only"


@pytest.mark.parametrize(
    "answer", [None, [], "x", {"data": None}, {"data": [{}, 3]}, {"data": {"id": "x"}}, {"id": "x"}]
)
def test_an_answer_that_names_no_model_is_none(answer: Any) -> None:
    assert asked(MODELS, answer) == ServedModel()


def test_what_tells_versions_apart_is_part_of_it() -> None:
    info = {"model_id": "m", "model_sha": "ab" * 20, "model_dtype": "float16", "max_client_batch_size": 16}
    assert asked(INFO, info) == ServedModel(model="m", revision="abababababab float16", batch=16)
    assert str(asked(PROPS, {"model_path": "/models/x.gguf", "build_info": "b6-12"})) == "/models/x.gguf, b6-12"
    assert len(str(ServedModel(model="m" * 4000))) < 60


def test_the_first_probe_that_names_a_model_counts() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return (
            httpx.Response(200, json={"model_path": "x.gguf"}) if request.url.path == "/props" else httpx.Response(404)
        )

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        assert ask(client, "http://a:1", (MODELS, INFO, PROPS), {}).model == "x.gguf"


def test_a_watch_asks_once_for_many_threads_and_survives_a_server_that_is_away() -> None:
    clock, away = Clock(), [True]

    def answer() -> ServedModel:
        if away[0]:
            raise ServerUnreachable
        return ServedModel(model="m")

    watch = ModelWatch(answer, clock)
    assert watch.served() == ServedModel()
    away[0] = False
    assert watch.served() == ServedModel(), "not asked again at once"
    clock.now += RETRY_S
    assert watch.identity() == "m"


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("cohere:rerank-v3.5", "cohere:rerank-v3.5"),
        ("cohere:rerank-english", "cohere:rerank-english (2026-11)"),
        ("jina:jina-reranker-v3-latest", "jina:jina-reranker-v3-latest (2026-11)"),
    ],
)
def test_a_hosted_name_without_a_version_counts_for_a_month(name: str, identity: str) -> None:
    provider, _, model = name.partition(":")
    reranker = HostedReranker(PROVIDERS[provider], model, day=lambda: date(2026, 11, 30))
    assert (reranker.model, reranker.identified) == (identity, True)
    assert of_month(model, date(2026, 12, 1)) != of_month(model, date(2026, 11, 30)) or identity == name
