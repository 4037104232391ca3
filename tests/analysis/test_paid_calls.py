"""The requests that a run reports are those that its servers have counted, failed ones included."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from pydantic import SecretStr

from rag_core import index
from rag_core.analysis.paid_calls import calls_by_service, paid_calls, total
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.generation.chat.price import TokenPrice
from rag_core.generation.rewrite import rewrite
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.access import Credentials
from rag_core.rerank.catalogue import entry_of, get_reranker
from rag_core.rerank.llm_grader import keys_of
from rag_core.rerank.metering import metered
from rag_core.retrieval.embedders.hosted.service import HostedEmbedder
from rag_core.retrieval.embedders.naming import parse_key
from rag_core.schema.paid_calls import PaidCalls
from rag_core.schema.policy import ExtraSearch, FirstPass, Policy, Rewrite
from rag_core.schema.threshold import Threshold
from rag_core.wording.paid_calls import embedding_bill, paid_text
from tests.diagnosis.worlds import Passage, world
from tests.generation.chat_server import Script, chat_server
from tests.rerank.conformance_server import KEY, Fault, Service, running
from tests.retrieval.embedders import embedding_server

PASSAGES = [Passage(f"p{n}", n / 20, words="refund") for n in range(12)]
EVERYTHING = Threshold()


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as served:
        yield served


def grades(request: dict[str, object]) -> str:
    """A chat model that rewrites, grades one passage, or answers, as it is asked."""
    system = request["messages"][0]["content"]  # type: ignore[index]
    if "rewrite" in system:
        return '["money back"]'
    return "Five days [1]." if request.get("stream") else "7"


def asking(chat: ChatAccess, service: Service) -> tuple[Pipeline, str]:
    plain = world(*PASSAGES).pipeline
    key = f"jina-shaped:{service.address}/jina-shaped"
    access = Credentials(environ={}, keys={key: SecretStr(KEY)}, chat=chat)
    return Pipeline(
        plain.engine, plain.embedder, rerankers=partial(get_reranker, access=access), rewriter=partial(rewrite, chat)
    ), key


def test_a_run_with_a_service_a_grader_rewriting_and_an_answer(service: Service) -> None:
    script = Script(reply=grades)
    with chat_server(script) as url:
        chat = ChatAccess(config=ChatConfig(base_url=url, model="toy"), price=TokenPrice(sent=1, written=1))
        pipeline, key = asking(chat, service)
        grader = next(one for one in keys_of(chat) if "pointwise" in one)
        policy = Policy(
            reranker=grader,
            pool=4,
            first_pass=FirstPass(reranker=key, pool=10),
            rewrite=Rewrite(on=True),
            threshold=EVERYTHING,
        )
        session = QuerySession(pipeline, "refund")
        with metered() as meter:
            trace = session.trace(policy)
        written = session.answer(trace, chat)
        trace = trace.model_copy(update={"recorded_answer": written})
    steps = {one.step: one for one in paid_calls(trace)}
    assert steps["first pass"].calls.requests == service.requests == 1
    assert {name: one.calls.requests for name, one in steps.items()} == {
        "rewriting": 1,
        "first pass": 1,
        "rerank": 4,
        "answer": 1,
    }
    assert len(script.requests) == 1 + 4 + 1
    assert steps["rerank"].calls.tokens == 4 * 10
    assert steps["answer"].calls.dollars == pytest.approx(10 / 1_000_000)
    assert total(calls_by_service(meter.spent)).requests == 1 + 1 + 4  # the answer came after it
    assert paid_text(paid_calls(trace)).startswith("Requests: 7. Rewriting: 1 to toy")
    assert trace.model_validate_json(trace.to_json()) == trace


def test_what_fails_or_is_refused_was_sent_all_the_same(service: Service) -> None:
    pipeline, key = asking(ChatAccess(), service)
    policy = Policy(reranker=key, pool=8, threshold=EVERYTHING)
    service.faults = [Fault(413), Fault(), Fault(400)]  # the whole, its first half, its second half
    session = QuerySession(pipeline, "refund")
    failed = session.trace(policy)
    assert failed.rerank.status == "failed"
    assert total(paid_calls(failed)).requests == service.requests == 3
    session.retry()
    assert total(paid_calls(session.trace(policy))).requests == service.requests > 3


def test_rewriting_again_is_added_to_what_was_asked_before(service: Service) -> None:
    script = Script(reply=grades)
    with chat_server(script) as url:
        chat = ChatAccess(config=ChatConfig(base_url=url, model="toy"))
        pipeline, _ = asking(chat, service)
        policy = Policy(reranker="none", rewrite=Rewrite(on=True))
        session = QuerySession(pipeline, "refund")
        session.trace(policy)
        session.rewrite_again()
        assert total(paid_calls(session.trace(policy))).requests == len(script.requests) == 2


def test_the_extractive_answer_sends_nothing_unless_told_so(service: Service) -> None:
    pipeline, key = asking(ChatAccess(), service)
    trace = pipeline.run("refund", Policy(reranker=key, pool=8, threshold=EVERYTHING))
    before = service.requests
    free = trace.model_copy(update={"recorded_answer": pipeline.answer(trace)})
    assert service.requests == before
    assert [one.step for one in paid_calls(free)] == ["rerank"]
    told = trace.model_copy(update={"recorded_answer": pipeline.answer(trace, key)})
    assert service.requests > before
    assert total(paid_calls(told)).requests == service.requests


def test_two_policies_of_one_question_pay_once_for_the_same_scores(service: Service) -> None:
    pipeline, key = asking(ChatAccess(), service)
    session = QuerySession(pipeline, "refund")
    one, other = (session.trace(Policy(reranker=key, top_k=k, threshold=EVERYTHING)) for k in (2, 3))
    assert total(paid_calls(one, other)).requests == service.requests


def test_scores_from_the_cache_and_models_of_this_machine_send_nothing() -> None:
    trace = world(*PASSAGES).pipeline.run("refund", Policy(reranker="late-interaction"))
    assert paid_calls(trace) == () and paid_text(()) == ""


def test_a_known_price_gives_dollars() -> None:
    (one,) = calls_by_service({"cohere:rerank-v3.5": PaidCalls(requests=2, units=2)})
    price = entry_of("cohere:rerank-v3.5").price
    assert one.who == "Cohere rerank-v3.5"
    assert price is None or one.calls.dollars == pytest.approx(2 * price.dollars / price.per)


@pytest.mark.parametrize(
    ("key", "model"),
    [
        ("vllm:http://gpu:8000#maker/embedder", "vLLM maker/embedder"),
        ("vllm:http://gpu:8000#maker/embedder?query=query:%20&passage=passage:%20", "vLLM maker/embedder"),
        ("tei:http://gpu:8080?dimensions=64", "Text Embeddings Inference http://gpu:8080, 64 dimensions"),
    ],
)
def test_a_model_on_a_server_is_named_by_its_name_not_by_its_key(key: str, model: str) -> None:
    (one,) = calls_by_service({key: PaidCalls(requests=2)})
    assert one.who == model


SMALL = "openai:text-embedding-3-small?dimensions=64"
DOCUMENTS = ["Refunds take thirty days.", "We ship worldwide.", "Pets are welcome."]


def embedded_by(key: str, wire: str, served: embedding_server.Service) -> Pipeline:
    model = HostedEmbedder(parse_key(key), SecretStr(embedding_server.KEY), address=f"{served.address}/{wire}")
    return Pipeline(index(texts=DOCUMENTS, embedder=model), model)


def test_embedding_the_question_and_the_extra_searches_is_in_the_bill() -> None:
    twice = [ExtraSearch(name="other", query="money back"), ExtraSearch(name="here", query="refunds", depth=20)]
    with embedding_server.running() as served:
        pipeline = embedded_by(SMALL, "openai", served)
        before = len(served.asked)
        trace = pipeline.run("refunds", Policy(reranker="none", extra_searches=tuple(twice)))
        assert len(served.asked) - before == 2  # the words of the third search are the question's
    (one,) = paid_calls(trace)
    assert (one.step, one.who) == ("embedding", "OpenAI text-embedding-3-small, 64 dimensions")
    assert one.calls.with_(dollars=None) == PaidCalls(requests=2, tokens=2 * 7)
    assert one.calls.dollars == pytest.approx(2 * 7 * 0.02 / 1_000_000)  # $0.02 a million tokens
    assert paid_text((one,)).startswith(
        "Requests: 2. Embedding: 2 to OpenAI text-embedding-3-small, 64 dimensions (14 tokens, $0"
    )
    assert embedding_bill(trace).startswith("14 tokens, $")
    assert trace.model_validate_json(trace.to_json()) == trace


def test_extra_searches_that_are_measured_later_are_in_the_bill_of_the_runs_that_have_them() -> None:
    with embedding_server.running() as served:
        session = QuerySession(embedded_by(SMALL, "openai", served), "refunds")
        plain, other = Policy(reranker="none"), ExtraSearch(name="other", query="money back")
        requests = [
            total(paid_calls(session.trace(policy))).requests
            for policy in (plain, plain.with_(extra_searches=(other,)), plain)
        ]
    assert requests == [1, 2, 1]


@pytest.mark.parametrize(
    ("key", "wire", "told"),
    [
        ("jina:maker/embedder", "jina", "7 tokens, cost unknown"),
        ("gemini:maker/embedder", "gemini", "tokens and cost unknown"),
    ],
)
def test_what_a_service_does_not_say_is_unknown(key: str, wire: str, told: str) -> None:
    with embedding_server.running() as served:
        trace = embedded_by(key, wire, served).run("refunds", Policy(reranker="none"))
    assert embedding_bill(trace) == told
    assert f"({told})." in paid_text(paid_calls(trace))


def test_a_model_of_this_machine_embeds_for_nothing() -> None:
    trace = world(*PASSAGES).pipeline.run("refund", Policy(reranker="none"))
    assert trace.embedding is None and embedding_bill(trace) == ""
