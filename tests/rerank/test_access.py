"""A key, a server, a trusted model of one caller: used for that caller, unknown to every other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from rag_core.rerank.access import Credentials, credential_scope
from rag_core.rerank.catalogue import entry_of, get_reranker, listed, usable
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.requirements import unmet_requirement
from tests.rerank.conformance_server import KEY, Service, running

ANA = Credentials({}, keys={"cohere": SecretStr("ana-secret")})
BEN = Credentials({}, keys={"cohere": SecretStr("ben-secret")})
NOBODY = Credentials({})
HOSTED = "cohere:rerank-v3.5"
CODE = "jinaai/jina-reranker-v1-tiny-en"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running() as served:
        yield served


def test_a_callers_key_makes_its_services_models_usable_for_that_caller() -> None:
    assert set(usable(ANA)) - set(usable(NOBODY)) == {
        "cohere:rerank-v4.0-fast",
        "cohere:rerank-v4.0-pro",
        "cohere:rerank-v3.5",
    }
    assert unmet_requirement(entry_of(HOSTED), NOBODY) == "No key: set the environment variable COHERE_API_KEY."


def test_each_caller_has_its_own_instance() -> None:
    own = get_reranker(HOSTED, access=ANA)
    assert get_reranker(HOSTED, access=ANA) is own
    assert get_reranker(HOSTED, access=BEN) is not own
    assert get_reranker(HOSTED, access=NOBODY) is not own
    assert get_reranker(HOSTED) is not own
    assert own.model == get_reranker(HOSTED, access=BEN).model == HOSTED


def test_no_text_of_it_holds_the_key() -> None:
    reranker = get_reranker(HOSTED, access=ANA)
    assert not any("ana-secret" in text for text in (repr(ANA), str(ANA), repr(reranker), str(vars(reranker))))


def test_the_key_of_one_is_not_sent_for_another(service: Service) -> None:
    address = f"jina-shaped:{service.address}/jina-shaped"
    with_key = Credentials({}, keys={address: SecretStr(KEY)}, added=(address,))
    assert len(get_reranker(address, access=with_key).score("q", ["a", "b"]).pairs) == 2
    for other in (
        Credentials({}, added=(address,)),
        Credentials({}, keys={address: SecretStr("wrong")}, added=(address,)),
    ):
        with pytest.raises(Exception, match="rejected the key"):
            get_reranker(address, access=other).score("q", ["a"])


def test_what_a_caller_named_is_offered_to_that_caller() -> None:
    server = "vllm:http://gpu:8000#BAAI/bge-reranker-v2-m3"
    mine = Credentials({}, added=(server, "cross-encoder:nobody/has-this"))
    assert server in usable(mine)
    assert server not in usable(NOBODY)
    said = {entry.key: unmet_requirement for entry, unmet_requirement in listed(mine)}
    assert said["cross-encoder:nobody/has-this"].startswith("Its weights are not on this machine")


def test_a_models_code_is_trusted_by_the_caller_who_said_so() -> None:
    mine = Credentials({}, trusted=frozenset({CODE}))
    entry = entry_of(f"cross-encoder:{CODE}")
    assert "trust_remote_code" in unmet_requirement(entry, NOBODY)
    assert "trust_remote_code" not in unmet_requirement(entry, mine)
    trusting, other = (get_reranker(entry.key, access=access) for access in (mine, NOBODY))
    assert isinstance(trusting, CrossEncoderReranker)
    assert trusting is not other


@pytest.mark.parametrize(
    ("reranker", "at"),
    [
        ("cohere:rerank-v3.5", "cohere"),
        ("tei:http://a:1/", "tei:http://a:1"),
        ("vllm:http://a:1#one", "vllm:http://a:1"),
        ("cross-encoder:maker/model", "cross-encoder"),
    ],
)
def test_a_key_belongs_to_a_service_or_to_one_address(reranker: str, at: str) -> None:
    assert credential_scope(reranker) == at
