"""Names, keys and addresses of served rerankers; how pools are split; what a `Retry-After` says."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from rag_core.errors import BadInput, ModelError
from rag_core.rerank.hosted.addresses import check_address, endpoint
from rag_core.rerank.hosted.providers import HOSTED, OWN_SERVERS, PROVIDERS
from rag_core.rerank.hosted.service import HostedReranker
from rag_core.rerank.hosted.shapes import batches_of, body_of
from rag_core.rerank.hosted.waits import retry_after
from rag_core.schema.spaces import ScoreSpace
from tests.rerank.conformance_server import KEY, running


@pytest.mark.parametrize(
    ("key", "model", "space"),
    [
        ("cohere:rerank-v4.0-fast", "cohere:rerank-v4.0-fast", ScoreSpace.PROBABILITY),
        ("tei:http://localhost:8080/", "tei:http://localhost:8080", ScoreSpace.LOGIT),
        ("tei-sigmoid:http://localhost:8080", "tei-sigmoid:http://localhost:8080", ScoreSpace.PROBABILITY),
        ("vllm:https://gpu:8000#BAAI/bge", "vllm:https://gpu:8000#BAAI/bge", ScoreSpace.PROBABILITY),
        ("llamacpp:http://[::1]:8080", "llamacpp:http://[::1]:8080", ScoreSpace.LOGIT),
    ],
)
def test_a_key_names_provider_model_and_address(key: str, model: str, space: ScoreSpace) -> None:
    reranker = HostedReranker.named(key, SecretStr("s3cret"))
    assert (reranker.name, reranker.space, reranker.load_ms) == (model, space, 0.0)
    assert "s3cret" not in repr(reranker) + repr(vars(reranker))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("ollama:http://localhost:11434", "no reranking service 'ollama'"),
        ("cohere:", "Write cohere:<model>"),
        ("tei", "or set TEI_URL"),
        ("tei:localhost:8080", "needs an address such as"),
        ("tei:file:///etc/passwd", "needs an address such as"),
        ("tei:http://a:99999", "needs an address such as"),
        ("tei:http://me:pw@host", "must not hold a user name"),
        ("tei:http://host/?key=1", "must not hold a user name"),
    ],
)
def test_a_key_that_names_nothing(key: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEI_URL", raising=False)
    with pytest.raises(BadInput) as caught:
        HostedReranker.named(key)
    assert said in str(caught.value)
    assert "pw" not in str(caught.value)


def test_no_key_is_said_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOYAGE_API_KEY", raising=False)
    with pytest.raises(ModelError, match=r"Voyage AI needs a key\. Set the environment variable VOYAGE_API_KEY"):
        HostedReranker.named("voyage:rerank-2.5").load()


@pytest.mark.parametrize("key", ["a b", "smart“quote", "line\nbreak", "ключ"])
def test_a_key_that_cannot_be_sent_is_not_quoted(key: str) -> None:
    with pytest.raises(ModelError, match="characters that no key contains") as caught:
        HostedReranker.named("cohere:m", SecretStr(key)).load()
    assert key not in str(caught.value)


def test_the_environments_key_goes_to_the_environments_address_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as service:
        monkeypatch.setenv("TEI_API_KEY", KEY)
        monkeypatch.setenv("TEI_URL", f"{service.address}/tei/#bge")
        assert HostedReranker.named("tei").score("q", ["q"]).pairs[0].score == 8 * 1 - 4
        assert HostedReranker.named(f"tei:{service.address}/tei").score("q", ["q"]).batches == 1
        monkeypatch.setenv("TEI_URL", "http://mine:8080")
        with pytest.raises(ModelError, match=r"rejected the key \(401\)"):
            HostedReranker.named(f"tei:{service.address}/tei").score("q", ["q"])


def test_the_environments_key_of_a_hosted_service_goes_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COHERE_API_KEY", KEY)
    HostedReranker(PROVIDERS["cohere"], "m").load()
    with pytest.raises(ModelError, match="needs a key"):
        HostedReranker(PROVIDERS["cohere"], "m", "http://other").load()


def test_the_address_may_name_the_path_itself() -> None:
    tei = PROVIDERS["tei"]
    assert endpoint(tei, "http://a:1") == "http://a:1/rerank"
    assert endpoint(tei, "http://a:1/models/7/rerank") == "http://a:1/models/7/rerank"


@pytest.mark.parametrize("end", ["/v1", "/v1/", "/v2", "/v1/models", "/health", "/info", "/v1/rerank/", " "])
@pytest.mark.parametrize("name", ["vllm", "llamacpp", "jina-shaped", "jina-shaped-logits", "cohere-shaped"])
def test_a_version_at_the_end_of_an_address_counts_once(name: str, end: str) -> None:
    provider = PROVIDERS[name]
    expected = endpoint(provider, "http://a:1")
    assert expected.count("/v") == 1
    found = endpoint(provider, check_address(provider, f"http://a:1{end}"))
    assert found == ("http://a:1/v1/rerank" if "rerank" in end else expected)
    assert endpoint(provider, expected) == expected


@pytest.mark.parametrize("name", ["tei", "infinity"])
def test_a_version_in_front_of_a_path_without_one_stays(name: str) -> None:
    assert endpoint(PROVIDERS[name], "http://a:1/v1") == "http://a:1/v1/rerank"
    assert endpoint(PROVIDERS[name], "http://a:1/v1/models") == "http://a:1/v1/rerank"


@pytest.mark.parametrize("end", ["/models", "/docs", "/embeddings", "/gw/health", "/gw/info"])
def test_a_proxy_may_be_named_like_a_call(end: str) -> None:
    assert endpoint(PROVIDERS["vllm"], f"https://gw{end}") == f"https://gw{end}/v1/rerank"


def test_requests_are_split_by_number_and_by_bytes() -> None:
    tei = PROVIDERS["tei"].model_copy(update={"batch": 3, "batch_bytes": 500})
    # Three of 1 + 1 + 150 bytes are 456: the number decides.
    assert batches_of(tei, "q", ["a"] * 4, tei.batch) == [range(3), range(3, 4)]
    # Two of 100 + 1 + 150 bytes are 502: one a request. "é" is two bytes.
    assert batches_of(tei, "q", ["é" * 50] * 2, tei.batch) == [range(1), range(1, 2)]
    assert batches_of(tei, "q", ["x" * 9000, "b"], tei.batch) == [range(1), range(1, 2)]
    assert batches_of(tei, "q", [], tei.batch) == []


def test_bodies_ask_for_all_results_and_no_texts() -> None:
    assert body_of(PROVIDERS["cohere"], "m", "q", ["a", "b"]) == {
        "model": "m",
        "query": "q",
        "documents": ["a", "b"],
        "top_n": 2,
    }
    assert body_of(PROVIDERS["pinecone"], "m", "q", ["a"])["documents"] == [{"text": "a"}]
    assert body_of(PROVIDERS["tei"], "", "q", ["a"]) == {
        "query": "q",
        "texts": ["a"],
        "raw_scores": True,
        "truncate": True,
    }


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("Fri, 02 Jan 2026 09:00:00 GMT", 0.0),
        ("Fri, 02 Jan 2026 10:01:00 GMT", 60.0),
        ("soon", None),
        ("-3", None),
        ("", None),
        ("9" * 5000, 999_999_999.0),
    ],
)
def test_retry_after(asked: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": asked, "date": "Fri, 02 Jan 2026 10:00:00 GMT"}) == seconds


def test_rows_of_the_table_are_whole() -> None:
    assert all(row.env and row.address.startswith("https://") and not row.address_env for row in HOSTED)
    assert all(row.address_env and not row.address for row in OWN_SERVERS)
    assert len(PROVIDERS) == len(HOSTED) + len(OWN_SERVERS)
