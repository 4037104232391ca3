"""The catalogue's keys, and what a wrong one is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.rerank.access import Credentials
from rag_core.rerank.catalogue import CATALOGUE, entry_of, get_reranker, listed, usable
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.hosted.entries import HOSTED_MODELS, SERVERS
from rag_core.rerank.hosted.service import HostedReranker
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.rerank.llm_grader import keys_of
from rag_core.rerank.local_models import COLBERTS, CROSS_ENCODERS
from rag_core.rerank.registry import listed_entries
from rag_core.rerank.requirements import unmet_requirement
from rag_core.schema.policy import DEFAULT_RERANKER, Policy
from rag_core.schema.spaces import ScoreSpace

BARE = Credentials({})
"""An environment without keys and addresses."""


def test_keys_and_entries_agree() -> None:
    assert all(key == entry.key for key, entry in CATALOGUE.items())
    assert list(CATALOGUE)[-1] == "none"
    assert DEFAULT_RERANKER == next(iter(CATALOGUE)) == Policy().reranker


def test_late_interaction_is_one_instance() -> None:
    first = get_reranker("late-interaction")
    assert isinstance(first, LateInteractionReranker)
    assert get_reranker("late-interaction") is first
    assert entry_of("late-interaction").space is first.space is ScoreSpace.MAXSIM


def test_any_cross_encoder_by_folder(tiny: Path) -> None:
    key = f"cross-encoder:{tiny}"
    reranker = get_reranker(key)
    assert isinstance(reranker, CrossEncoderReranker)
    assert reranker.model.startswith("tiny@")
    assert reranker.load_ms == 0
    assert get_reranker(key) is reranker
    assert (entry_of(key).label, entry_of(key).space) == ("tiny", ScoreSpace.LOGIT)


@pytest.mark.parametrize("key", ["colbert", "cross-encoder:", "cross-encoder: "])
def test_an_unknown_key_is_told_the_known_ones(key: str) -> None:
    with pytest.raises(
        BadInput,
        match=r"late-interaction, .*none; with a folder or hub name: cross-encoder:, .*cohere:, .*tei:",
    ):
        get_reranker(key)


@pytest.mark.parametrize("name", ["second-pass-minilm-v1", "second-pass-minilm-v2"])
@pytest.mark.parametrize("ending", ["", "+late-interaction"])
def test_a_model_of_an_earlier_version_is_never_swapped_in_silence(name: str, ending: str) -> None:
    assert name + ending not in usable(BARE)
    for ask in (entry_of, get_reranker):
        with pytest.raises(BadInput, match=f"^{name} no longer ships .* Choose {re.escape(DEFAULT_RERANKER)} or"):
            ask(name + ending)


def test_none_has_no_model() -> None:
    with pytest.raises(BadInput, match="stay in fused order"):
        get_reranker("none")


def test_what_comes_with_the_project_is_usable_and_the_default_first() -> None:
    assert next(iter(usable(BARE))) == DEFAULT_RERANKER
    assert list(usable(BARE))[-1] == "none"
    assert set(CATALOGUE) <= set(usable(BARE))


def test_a_key_makes_its_services_models_usable() -> None:
    fresh = set(usable(Credentials({"COHERE_API_KEY": "x", "VOYAGE_API_KEY": " "}))) - set(usable(BARE))
    assert fresh == {"cohere:rerank-v4.0-fast", "cohere:rerank-v4.0-pro", "cohere:rerank-v3.5"}


def test_an_address_makes_a_server_usable() -> None:
    assert set(usable(Credentials({"TEI_URL": "http://a:1"}))) - set(usable(BARE)) == {"tei", "tei-sigmoid"}


def test_all_are_listed_usable_ones_first_with_what_is_missing() -> None:
    entries = listed(BARE)
    assert {entry.key for entry, _ in entries} == {*CATALOGUE, *listed_entries(), *keys_of(None)}
    wanting = [bool(said) for _, said in entries]
    assert wanting == sorted(wanting)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("cohere:rerank-v3.5", "No key: set the environment variable COHERE_API_KEY."),
        ("vllm", "No server: set VLLM_URL"),
        ("cross-encoder:jinaai/jina-reranker-v1-tiny-en", "comes with Python code"),
        ("cross-encoder:mixedbread-ai/mxbai-rerank-base-v2", "vllm:<address>#mixedbread-ai/mxbai-rerank-base-v2"),
        ("cross-encoder:nobody/has-this-model", "not on this machine"),
        ("ollama", "Ollama has no rerank endpoint. Serve the same GGUF file with llama.cpp"),
        ("late-interaction", ""),
        ("none", ""),
    ],
)
def test_what_is_missing_is_a_sentence(key: str, said: str) -> None:
    found = unmet_requirement(entry_of(key), BARE)
    assert said in found if said else found == ""


def test_a_model_folder_misses_nothing(tiny: Path) -> None:
    assert unmet_requirement(entry_of(f"cross-encoder:{tiny}"), BARE) == ""


def test_known_rerankers_say_what_they_are() -> None:
    local = (*CROSS_ENCODERS, *COLBERTS)
    assert all(entry.licence and entry.size and entry.context and entry.languages for entry in local)
    assert all(entry.maker and entry.needs == "key" for entry in HOSTED_MODELS)
    assert all(entry.price.source and entry.price.read for entry in listed_entries().values() if entry.price)
    optional = (*local, *HOSTED_MODELS, *SERVERS)
    assert {entry.key for entry in optional} == set(listed_entries()) - set(CATALOGUE)
    assert len({entry.key for entry in optional}) == len(optional)


def test_served_rerankers_are_shared_by_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEI_URL", "http://one:1")
    one = get_reranker("tei")
    assert isinstance(one, HostedReranker)
    assert get_reranker("tei:http://one:1") is one
    monkeypatch.setenv("TEI_URL", "http://two:2")
    two = get_reranker("tei")
    assert isinstance(two, HostedReranker)
    assert two.name == "tei:http://two:2"


def test_any_model_of_a_service_and_any_address() -> None:
    entry = entry_of("vllm:http://gpu:8000#BAAI/bge")
    assert (entry.kind, entry.model, unmet_requirement(entry, BARE)) == ("own server", "BAAI/bge", "")
    assert get_reranker("cohere:rerank-next").model.startswith("cohere:rerank-next (20")
    assert entry_of("cohere:rerank-next").kind == "hosted"


def test_ollama_says_what_to_use_instead() -> None:
    with pytest.raises(BadInput, match=r"llama-server --rerank --pooling rank"):
        get_reranker("ollama")
