"""What can go wrong with every service, over real HTTP: each time a sentence for a user, and never the key."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from rag_core.errors import ModelError
from rag_core.rerank.hosted.http import RetryPolicy
from rag_core.rerank.hosted.providers import PROVIDERS
from rag_core.rerank.hosted.service import HostedReranker
from tests.rerank.conformance_server import DATE, KEY, WIRES, Fault, Results, Service, Wire, running

QUERY = "red cats"
PASSAGES = ["red dogs sleep", "red cats", "blue"]
MODELS = {"pinecone": "bge-reranker-v2-m3"}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running() as found:
        yield found


@dataclass
class Case:
    """A service, a reranker that asks it, and the seconds that were waited between attempts."""

    name: str
    service: Service
    reranker: HostedReranker
    waited: list[float]

    @property
    def wire(self) -> Wire:
        return WIRES[self.name]

    def fails(self, *faults: Fault) -> str:
        """The message of the ModelError that these faults lead to."""
        self.service.faults = list(faults)
        with pytest.raises(ModelError) as caught:
            self.reranker.score(QUERY, PASSAGES)
        assert KEY not in str(caught.value)
        return str(caught.value)

    def recovers(self, *faults: Fault) -> None:
        """After these faults, one a request, the scores come."""
        self.service.faults = list(faults)
        found = [pair.score for pair in self.reranker.score(QUERY, PASSAGES).pairs]
        shares = [1 / 2, 2 / 2, 0 / 2]
        assert found == pytest.approx([8 * share - 4 for share in shares] if self.wire.logits else shares)


Make = Callable[..., Case]


@pytest.fixture
def make(service: Service) -> Iterator[Make]:
    made: list[HostedReranker] = []
    service.reset()

    def build(name: str, key: str = KEY, retry: RetryPolicy | None = None) -> Case:
        waited: list[float] = []
        model, address = MODELS.get(name, "m"), f"{service.address}/{name}"
        made.append(HostedReranker(PROVIDERS[name], model, address, SecretStr(key), retry, waited.append))
        return Case(name, service, made[-1], waited)

    yield build
    service.let_go.set()
    for reranker in made:
        reranker.close()


@pytest.fixture(params=WIRES)
def case(request: pytest.FixtureRequest, make: Make) -> Case:
    return make(request.param)


@pytest.mark.parametrize("name", WIRES)
def test_a_wrong_key(name: str, make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    case = make(name, key="wrong-1234")
    said = case.fails()
    assert f"rejected the key (401). Check {PROVIDERS[name].env}." in said
    assert "wrong-1234" not in said + repr(case.reranker) + case.reranker.model + caplog.text
    assert case.service.requests == 1


def test_retry_after_in_seconds(case: Case) -> None:
    case.recovers(Fault(429, {"Retry-After": "2"}), Fault(503, {"Retry-After": "0"}))
    assert case.waited == [2.0, 0.0]
    assert case.service.requests == 3


def test_retry_after_as_a_date(case: Case) -> None:
    assert DATE.endswith("10:00:00 GMT")
    case.recovers(Fault(429, {"Retry-After": "Fri, 02 Jan 2026 10:00:07 GMT"}))
    assert case.waited == [7.0]


def test_a_long_wait_is_not_waited_for(case: Case) -> None:
    said = case.fails(Fault(429, {"Retry-After": "3600"}))
    assert "Rate limited (429)" in said and "Retry after 3600 s." in said
    assert (case.waited, case.service.requests) == ([], 1)


def test_500_then_success(case: Case) -> None:
    case.recovers(Fault(500), Fault(502))
    first, second = case.waited
    assert 0.5 / 2 <= first <= 0.5 and 1.0 / 2 <= second <= 1.0


def test_500_for_good(case: Case) -> None:
    said = case.fails(*[Fault(500, said=f"out of memory, {KEY}")] * 4)
    assert "failed (500)" in said and "Gave up after 4 attempts." in said
    assert "“out of memory, …”" in said
    assert (len(case.waited), case.service.requests) == (3, 4)


@pytest.mark.parametrize("status", [400, 402, 403, 404, 422, 499])
def test_a_refusal_is_not_repeated(status: int, case: Case) -> None:
    said = case.fails(Fault(status, said="model m is unknown"))
    assert f"({status})" in said and case.waited == []
    assert ("model m is unknown" in said) is (status != 403)


def test_elsewhere_is_not_followed(case: Case) -> None:
    said = case.fails(Fault(307, {"Location": "http://127.0.0.1:9/v1/rerank"}))
    assert "redirects requests (307)" in said
    assert case.service.requests == 1


@pytest.mark.parametrize("way", ["hang", "drip"])
@pytest.mark.parametrize("name", WIRES)
def test_a_slow_answer_is_given_up(name: str, way: str, make: Make) -> None:
    case = make(name, retry=RetryPolicy(answer_s=0.2, attempts=1))
    assert "did not answer in full within 0.2 s" in case.fails(Fault(hang=way == "hang", drip=way == "drip"))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"<html>Bad gateway</html>", "not JSON"),
        (b'{"results": [', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"", "not JSON"),
        (b'"soon"', "without a list of results"),
        (b'{"results": {"0": 1}, "data": null}', "without a list of results"),
    ],
)
def test_an_answer_that_is_none(raw: bytes, said: str, case: Case) -> None:
    assert said in case.fails(Fault(raw=raw))
    assert case.service.requests == 1


@pytest.mark.parametrize(
    "raw",
    [
        b'{"error": "Unexpected endpoint or method."}',
        b'{"object": "error", "message": "Unexpected endpoint or method."}',
    ],
)
def test_an_error_with_status_200_is_told_in_the_servers_words(raw: bytes, case: Case) -> None:
    assert "It says: “Unexpected endpoint or method.”." in case.fails(Fault(raw=raw))


def test_the_servers_words_never_hold_the_key(case: Case) -> None:
    assert "It says: “Bad key" in case.fails(Fault(raw=b'{"error": "Bad key ' + KEY.encode() + b'"}'))


def test_what_is_not_found_is_told_with_the_address_that_was_asked(case: Case) -> None:
    assert f"or nothing at {case.service.address}" in case.fails(Fault(status=404))


def changed(field: str, value: object) -> Callable[[Results], Results]:
    """The results with one field of the last one changed."""
    return lambda results: [*results[:-1], {**results[-1], field: value}]


# The last result is that of "blue", the third passage: index 2, the least score.
@pytest.mark.parametrize(
    ("results", "said"),
    [
        (lambda results: results[:-1], "no score for 1 of 3 passages (the first is number 3)"),
        (lambda results: [], "no score for 3 of 3 passages (the first is number 1)"),
        (lambda results: [*results, results[0]], "scored passage 2 of 3 twice"),
        (changed("index", 0), "scored passage 1 of 3 twice"),
        (changed("index", 3), "scored passage 3, but 3 were sent"),
        (changed("index", -1), "passage -1, but"),
        (changed("index", True), "passage True, but"),
        (changed("index", "2"), "passage '2', but"),
        (lambda results: [*results[:-1], "blue"], "passage None, but"),
    ],
)
def test_an_index_that_is_wrong(results: Callable[[Results], Results], said: str, case: Case) -> None:
    assert said in case.fails(Fault(results=results))


@pytest.mark.parametrize("score", [float("nan"), float("inf"), "0.9", None, True, [0.5]])
def test_a_score_that_is_not_a_number(score: object, case: Case) -> None:
    said = case.fails(Fault(results=changed(case.wire.score, score)))
    assert "instead of a number for the passage that begins “blue”" in said


def test_a_score_beyond_one_where_probabilities_were_promised(case: Case) -> None:
    fault = Fault(results=changed(case.wire.score, 3.25))
    if case.wire.logits:
        case.service.faults = [fault]
        assert case.reranker.score(QUERY, PASSAGES).pairs[2].score == 3.25
    else:
        assert "returned 3.25, which is not between 0 and 1" in case.fails(fault)


def test_one_failed_request_of_many_fails_all_and_sends_no_more(make: Make) -> None:
    case = make("tei", retry=RetryPolicy(attempts=1))
    case.service.faults = [Fault(500)] * 4
    with pytest.raises(ModelError, match=r"\(500\)"):
        case.reranker.score(QUERY, ["cats"] * 32 * 50)
    assert case.service.requests < 50


def test_whoever_watches_may_stop_it(make: Make) -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        make("tei").reranker.score(QUERY, ["cats"] * 64, stop)


def test_a_server_that_is_not_there(make: Make) -> None:
    waited: list[float] = []
    reranker = HostedReranker(PROVIDERS["tei"], address="http://127.0.0.1:9", sleep=waited.append)
    with pytest.raises(ModelError, match=r"cannot be reached at 127\.0\.0\.1:9\. Check that .* 4 attempts"):
        reranker.score(QUERY, PASSAGES)
    assert len(waited) == 3
    reranker.close()


def test_what_was_asked_and_billed_is_counted(make: Make) -> None:
    cohere, voyage = make("cohere").reranker, make("voyage").reranker
    for _ in range(2):
        scored = cohere.score(QUERY, PASSAGES)
    assert (scored.batches, scored.tokens) == (1, 0)
    assert json.loads(cohere.usage.model_dump_json()) == {"requests": 2, "documents": 6, "tokens": 0, "units": 2.0}
    assert voyage.score(QUERY, PASSAGES).tokens == 7
    assert (voyage.usage.tokens, voyage.usage.units) == (7, 0)
