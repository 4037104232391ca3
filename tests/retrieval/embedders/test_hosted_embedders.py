"""Every embedding service and server over real HTTP: what it is asked, what its answers mean, what can go wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from rag_core.errors import ModelError
from rag_core.rerank.hosted import identity
from rag_core.rerank.hosted.http import RetryPolicy
from rag_core.rerank.hosted.identity import BEFORE_SCORING_S, MAX_AGE_S
from rag_core.rerank.metering import metered
from rag_core.retrieval.embedders.hosted.apis import APIS
from rag_core.retrieval.embedders.hosted.service import HostedEmbedder
from rag_core.retrieval.embedders.naming import parse_key
from rag_core.retrieval.embedders.vector_book import VectorBook
from tests.retrieval.embedders.embedding_server import KEY, WHOLE, WIRES, Fault, Service, Vectors, Wire, running, vector

TEXTS = ["Refunds take thirty days.", "We ship worldwide.", "Pets are welcome."]
MODEL = "maker/embedder"


@pytest.fixture(scope="module")
def served() -> Iterator[Service]:
    with running() as found:
        yield found


@pytest.fixture
def service(served: Service) -> Service:
    served.reset()
    return served


@dataclass
class Case:
    """A service or server, an embedder that asks it, and the seconds that were waited between attempts."""

    name: str
    service: Service
    embedder: HostedEmbedder
    waited: list[float]

    @property
    def wire(self) -> Wire:
        return WIRES[self.name]

    def fails(self, *faults: Fault) -> str:
        """The message of the ModelError that these faults lead to."""
        self.service.faults = list(faults)
        with pytest.raises(ModelError) as caught:
            self.embedder.embed(TEXTS)
        assert KEY not in str(caught.value)
        return str(caught.value)


Make = Callable[..., Case]


@pytest.fixture
def make(service: Service) -> Iterator[Make]:
    made: list[HostedEmbedder] = []

    def build(
        name: str,
        options: str = "",
        secret: str = KEY,
        kept: VectorBook | None = None,
        retry: RetryPolicy | None = None,
        model: str = f"#{MODEL}",
    ) -> Case:
        waited: list[float] = []  # and the clock stands still but for these
        place = f"{service.address}/{name}"
        key = parse_key(f"{name}:{MODEL if APIS[name].hosted else place + model}{options}")
        one = HostedEmbedder(
            key, SecretStr(secret), kept, address=place, retry=retry, sleep=waited.append, clock=lambda: sum(waited)
        )
        made.append(one)
        return Case(name, service, one, waited)

    yield build
    for one in made:
        one.close()


@pytest.fixture(params=WIRES)
def case(request: pytest.FixtureRequest, make: Make) -> Case:
    return make(request.param)


def unit(numbers: list[float]) -> np.ndarray:
    return np.array(numbers) / np.linalg.norm(numbers)


def test_the_table_has_every_service_that_is_tested() -> None:
    assert set(WIRES) == set(APIS)


def test_vectors_have_length_one_and_stand_in_the_order_of_the_texts(case: Case) -> None:
    found = case.embedder.embed(TEXTS)
    asked = case.wire.role(case.service.asked[-1])
    assert found.dtype == np.float32
    assert found.shape == (3, WHOLE)
    np.testing.assert_allclose(found, [unit(vector(text, asked)) for text in TEXTS], atol=1e-6)
    assert case.embedder.dimensions == WHOLE


def test_a_question_is_embedded_as_one_where_the_service_tells_them_apart(case: Case) -> None:
    found = case.embedder.embed_query(TEXTS[0])
    assert case.wire.role(case.service.asked[-1]) == ("query" if APIS[case.name].role else "")
    same = np.allclose(found, case.embedder.embed(TEXTS[:1])[0])
    assert same != bool(APIS[case.name].role)


def test_shorter_vectors_are_asked_for_in_the_services_own_word(make: Make, case: Case) -> None:
    short = make(case.name, "?dimensions=16").embedder
    assert short.embed(TEXTS).shape == (3, 16)
    assert case.wire.asked(case.service.asked[-1]) == 16
    np.testing.assert_allclose(np.linalg.norm(short.embed(TEXTS), axis=1), 1, atol=1e-6)
    assert short.model != case.embedder.model


def test_a_model_that_cannot_shorten_says_so_whether_it_refuses_or_pays_no_heed(make: Make, case: Case) -> None:
    short = make(case.name, "?dimensions=16")
    case.service.shortens = False
    assert "does not support specifying dimensions" in short.fails()
    case.service.careless = True
    assert "64 numbers where 16 were expected" in short.fails()


def test_what_was_billed_is_counted_where_the_service_says_it(case: Case) -> None:
    with metered() as meter:
        case.embedder.embed(TEXTS)
    spent = meter.spent[case.embedder.name]
    assert (spent.requests, spent.tokens) == (1, 0 if case.name == "gemini" else 21)
    assert case.embedder.usage == spent


def test_a_refused_key_is_said_without_showing_it(make: Make, case: Case) -> None:
    wrong = make(case.name, secret="another-key-88")
    said = wrong.fails()
    assert "key" in said
    assert "another-key-88" not in said
    assert case.wire.refused[0] != 401 or APIS[case.name].env in said
    assert wrong.waited == []


def test_it_waits_as_long_as_a_rate_limit_says_and_goes_on(case: Case) -> None:
    case.service.faults = [Fault(status=429, headers={"Retry-After": "7"}, said="slow down")]
    assert len(case.embedder.embed(TEXTS)) == 3
    assert case.waited == [7.0]


def test_googles_wait_stands_in_the_body(make: Make) -> None:
    case = make("gemini")
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]
    body = {"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": details}}
    case.service.faults = [Fault(status=429, body=body)]
    case.embedder.embed(TEXTS)
    assert case.waited == [34.5]


def test_a_question_does_not_wait_for_the_rate_limit_of_a_corpus(make: Make) -> None:
    case = make("openai")
    asked: list[str] = []

    def meanwhile(seconds: float) -> None:
        assert not asked, "the question waits too"
        asked.append("How long?")
        with pytest.raises(ModelError, match=r"OpenAI: Rate limited\. .* Retry after 80 s"):
            case.embedder.embed_query("How long?")
        case.waited.append(seconds)

    case.embedder._pace._sleep = meanwhile
    case.service.faults = [Fault(status=429, headers={"Retry-After": "80"})]
    assert len(case.embedder.embed(TEXTS)) == 3
    assert asked == ["How long?"]
    assert "How long?" not in case.service.texts
    assert len(case.embedder.embed_query("How long?")) == WHOLE


def test_a_rate_limit_that_does_not_end_is_said(make: Make, case: Case) -> None:
    hasty = make(case.name, retry=RetryPolicy(attempts=2))
    said = hasty.fails(*[Fault(status=429, headers={"Retry-After": "1"}, said="slow down")] * 2)
    assert "Rate limited (429)" in said
    assert "slow down" in said
    assert "reranker" not in said
    assert "pool" not in said


@pytest.mark.parametrize("status", [500, 503])
def test_trouble_that_passes_is_tried_again(case: Case, status: int) -> None:
    case.service.faults = [Fault(status=status)]
    assert len(case.embedder.embed(TEXTS)) == 3
    assert len(case.service.asked) == 2


def test_a_connection_that_breaks_is_tried_again(case: Case) -> None:
    case.embedder.embed(TEXTS[:1])
    case.service.faults = [Fault(hang_up=True)]
    assert len(case.embedder.embed(TEXTS)) == 3


def _longer(vectors: Vectors) -> Vectors:
    return [*vectors[:-1], vectors[-1] + [1.0]]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(status=400, said="no such thing"), "no such thing"),
        (Fault(status=402), "out of credit"),
        (Fault(status=404), "no such model"),
        (Fault(raw=b"<html>"), "not JSON"),
        (Fault(raw=b"[]"), "without a list of vectors"),
        (Fault(raw=b'{"data": 3, "embeddings": {"float": 3}}'), "without a list of vectors"),
        (Fault(vectors=lambda found: found[:-1]), "2 vectors for 3 texts"),
        (Fault(vectors=lambda found: [*found, found[0]]), "4 vectors for 3 texts"),
        (Fault(vectors=_longer), "numbers where"),
        (Fault(vectors=lambda found: [[float("nan"), *one[1:]] for one in found]), "no list of finite numbers"),
        (Fault(vectors=lambda found: [[1e400, *one[1:]] for one in found]), "no list of finite numbers"),
        (Fault(vectors=lambda found: [[0.0] * len(one) for one in found]), "only zeros"),
        (Fault(vectors=lambda found: [[] for _ in found]), "no list of finite numbers"),
        (Fault(vectors=lambda found: [["a"] * len(one) for one in found]), "no list of finite numbers"),  # type: ignore[misc]
    ],
)
def test_an_answer_that_cannot_be_used_is_an_error(case: Case, fault: Fault, said: str) -> None:
    assert said in case.fails(fault)
    assert case.waited == []


@pytest.mark.parametrize("name", [name for name, api in APIS.items() if api.index])
@pytest.mark.parametrize(
    ("index", "said"),
    [(1, "two vectors for text 2"), (3, "for text 3"), (None, "for text None"), (True, "for text True")],
)
def test_an_index_that_is_no_place_of_a_text_is_an_error(make: Make, name: str, index: object, said: str) -> None:
    def wrong(answer: Any) -> Any:
        answer["data"][0]["index"] = index
        return answer

    assert said in make(name).fails(Fault(answer=wrong))


def test_as_many_texts_go_in_a_request_as_the_service_takes(case: Case) -> None:
    texts = [f"text {number}" for number in range(case.wire.limit + 5)]
    assert len(case.embedder.embed(texts)) == len(texts)
    most = max(len(body["__texts"]) for body in case.service.asked)
    assert most <= min(case.wire.limit, APIS[case.name].batch)
    assert sorted(case.service.texts) == sorted(texts)


@pytest.mark.parametrize("name", ["tei", "cohere", "gemini"])
def test_a_lower_limit_that_a_server_names_is_kept_to(make: Make, name: str) -> None:
    case = make(name)
    case.service.limit = 4
    assert len(case.embedder.embed([f"text {number}" for number in range(12)])) == 12
    case.service.asked.clear()
    case.embedder.embed([f"more {number}" for number in range(12)])
    assert [len(body["__texts"]) for body in case.service.asked] == [4, 4, 4]


def test_a_text_that_is_too_long_is_an_error_and_is_not_cut(case: Case) -> None:
    with pytest.raises(ModelError, match="too long"):
        case.embedder.embed(["word " * 500])


def test_equal_texts_are_sent_once(case: Case) -> None:
    found = case.embedder.embed(["the same", "another", "the same"])
    assert sorted(case.service.texts) == ["another", "the same"]
    np.testing.assert_array_equal(found[0], found[2])


def test_no_text_is_paid_for_twice(make: Make, case: Case, tmp_path: Path) -> None:
    make(case.name, kept=VectorBook(tmp_path)).embedder.embed(TEXTS)
    again = make(case.name, kept=VectorBook(tmp_path)).embedder
    case.service.asked.clear()
    np.testing.assert_allclose(again.embed([*TEXTS, "new"])[:3], case.embedder.embed(TEXTS), atol=1e-6)
    assert case.service.asked[0]["__texts"] == ["new"]


def test_vectors_of_other_lengths_and_prompts_are_other_vectors(make: Make, tmp_path: Path) -> None:
    book = VectorBook(tmp_path)
    for options in ("", "?dimensions=16", "?passage=passage: ", "?dimensions=16&passage=passage: "):
        case = make("vllm", options, kept=book)
        case.service.asked.clear()
        case.embedder.embed(TEXTS)
        assert len(case.service.texts) == 3, options


def test_what_was_answered_before_a_failure_is_kept(make: Make, tmp_path: Path) -> None:
    book = VectorBook(tmp_path)
    case = make("tei", kept=book, retry=RetryPolicy(attempts=1))
    texts = [f"text {number}" for number in range(96)]
    case.service.faults = [Fault(), Fault(), Fault(status=500)]
    with pytest.raises(ModelError, match="500"):
        case.embedder.embed(texts)
    case.service.asked.clear()
    assert len(make("tei", kept=book).embedder.embed(texts)) == 96
    assert len(case.service.texts) == 32


def test_prompts_are_put_before_the_texts(make: Make) -> None:
    case = make("ollama", "?query=query: &passage=passage: ")
    case.embedder.embed(TEXTS[:1])
    case.embedder.embed_query("How long?")
    assert case.service.texts == [f"passage: {TEXTS[0]}", "query: How long?"]


def test_progress_counts_what_is_there(make: Make, tmp_path: Path) -> None:
    case, said = make("tei", kept=VectorBook(tmp_path)), list[tuple[int, int]]()
    case.embedder.embed(["text 0"])
    case.embedder.embed([f"text {number}" for number in range(65)], lambda *now: said.append(now))
    assert said == [(33, 65), (65, 65)]


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("tei", "tei:maker/embedder@abababababab"),
        ("ollama", "ollama:maker/embedder:latest@0a109f422b47"),
        ("vllm", "vllm:maker/embedder@/models/maker-embedder"),
        ("openai", "openai:maker/embedder"),
    ],
)
def test_a_model_is_told_by_what_runs_not_by_where(make: Make, name: str, identity: str) -> None:
    assert make(name).embedder.model == identity


def test_a_server_with_one_model_needs_no_name_unless_it_cannot_say(make: Make) -> None:
    one = make("tei", model="")
    assert one.embedder.model == "tei:maker/embedder@abababababab"
    silent = make("tei", model="")
    silent.service.says = {}
    with pytest.raises(ModelError, match=r"does not say which model it runs.*#<model>"):
        _ = silent.embedder.model


def test_a_server_that_runs_another_model_in_the_middle_is_an_error(make: Make) -> None:
    case = make("tei")
    _ = case.embedder.model
    case.service.says = {"/info": {"model_id": "maker/another", "model_sha": "cd" * 20}}
    assert "another model" in case.fails(Fault(hang_up=True))


ANOTHER = {"/info": {"model_id": "maker/another", "model_sha": "cd" * 20}}


def test_a_server_is_asked_before_texts_are_sent_and_vectors_are_kept_under_its_own_model(
    make: Make, tmp_path: Path
) -> None:
    book = VectorBook(tmp_path)
    case = make("tei", kept=book)
    first = case.embedder.model
    case.service.says = ANOTHER
    case.waited.append(BEFORE_SCORING_S + 1)
    case.embedder.embed(TEXTS)
    assert case.embedder.model == "tei:maker/another@cdcdcdcdcdcd"
    assert _kept(book) == {case.embedder.model}
    assert case.embedder.model != first


def test_vectors_of_a_server_that_changes_in_the_middle_are_not_kept(make: Make, tmp_path: Path) -> None:
    def changed(vectors: Vectors) -> Vectors:
        case.service.says = ANOTHER
        case.waited.append(BEFORE_SCORING_S + 1)
        return vectors

    book = VectorBook(tmp_path)
    case = make("tei", kept=book)
    assert "runs another model than before" in case.fails(Fault(vectors=changed))
    assert _kept(book) == set()


def test_a_server_that_was_asked_just_now_is_not_asked_again(make: Make) -> None:
    case = make("tei")
    for text in TEXTS:
        case.embedder.embed([text])
    assert case.service.looked_up == 1


def test_another_model_may_have_vectors_of_another_length(make: Make) -> None:
    case = make("tei")
    assert case.embedder.embed(TEXTS).shape == (3, WHOLE)
    case.service.says = ANOTHER
    case.waited.append(BEFORE_SCORING_S + 1)
    case.service.faults = [Fault(vectors=lambda found: [one[:40] for one in found])]
    assert case.embedder.embed(TEXTS).shape == (3, 40)
    assert case.embedder.dimensions == 40


def _kept(book: VectorBook) -> set[str]:
    """The models that vectors are kept of."""
    if not book.path.exists():
        return set()
    with closing(sqlite3.connect(book.path)) as opened:
        return {name for (name,) in opened.execute("SELECT DISTINCT model FROM vectors")}


PROBED = [name for name, wire in WIRES.items() if wire.says]


@pytest.mark.parametrize("name", PROBED)
@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_a_server_that_does_not_say_for_a_while_keeps_the_model_that_it_had(make: Make, name: str, status: int) -> None:
    case = make(name)
    known = case.embedder.model
    case.service.ails = status
    case.waited.append(MAX_AGE_S + 1)
    assert case.embedder.model == known
    with pytest.raises(ModelError, match=rf"fails at 127\.0\.0\.1:\d+ .*status {status}"):
        _ = make(name).embedder.model


@pytest.mark.parametrize("name", PROBED)
def test_a_server_that_is_slow_to_say_keeps_the_model_that_it_had(
    make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make(name)
    known = case.embedder.model
    monkeypatch.setattr(identity, "ANSWER_S", 0.1)
    case.service.slow_s = 0.5
    case.waited.append(MAX_AGE_S + 1)
    assert case.embedder.model == known
    with pytest.raises(ModelError, match=r"does not answer at 127\.0\.0\.1"):
        _ = make(name).embedder.model


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_server_without_that_call_is_taken_by_the_name_in_the_key(make: Make, status: int) -> None:
    case = make("openai-shaped")
    case.service.ails = status
    assert case.embedder.model == case.embedder.name


@pytest.mark.parametrize("name", ["azure", "litellm", "openai-shaped"])
def test_the_same_name_at_two_addresses_is_two_models_where_its_operator_chose_it(make: Make, name: str) -> None:
    one = make(name).embedder
    other = HostedEmbedder(parse_key(f"{name}:https://two.example.com#{MODEL}"))
    other._served = one._served  # it says the same
    assert one.model != other.model
    assert (one.model, other.model) == (one.name, other.name)


def test_a_server_that_is_gone_is_said() -> None:
    gone = HostedEmbedder(parse_key("tei:http://127.0.0.1:9#maker/embedder"))
    with pytest.raises(ModelError, match=r"cannot be reached at 127\.0\.0\.1:9"):
        gone.embed(TEXTS)


def test_a_service_without_a_key_says_which_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelError, match="OPENAI_API_KEY"):
        HostedEmbedder(parse_key("openai:text-embedding-3-small")).embed(TEXTS)


def test_the_environments_key_goes_to_the_services_own_address_only(
    make: Make, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ModelError, match="needs a key"):
        HostedEmbedder(parse_key(f"openai:{MODEL}"), address=f"{service.address}/openai").embed(TEXTS)


def test_how_long_vectors_are_is_asked_once_where_nothing_says_it(make: Make, tmp_path: Path) -> None:
    case = make("vllm", kept=VectorBook(tmp_path))
    assert (case.embedder.dimensions, case.embedder.dimensions, len(case.service.asked)) == (WHOLE, WHOLE, 1)
    assert make("vllm", "?dimensions=8").embedder.dimensions == 8
    assert HostedEmbedder(parse_key("openai:text-embedding-3-large")).dimensions == 3072


def test_nothing_is_asked_for_no_texts(case: Case) -> None:
    assert case.embedder.embed([]).shape[0] == 0
    assert case.service.asked == []
