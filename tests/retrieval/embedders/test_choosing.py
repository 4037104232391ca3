"""The embedding model of a key: shared by all, unless a caller brings a secret of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from rag_core.corpus.chunking import chunk_document
from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.errors import BadInput, ModelError
from rag_core.rerank.access import Credentials
from rag_core.retrieval.embedders.choosing import embedder_for, missing_for
from rag_core.retrieval.embedders.naming import parse_key
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder, get_embedder
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.settings import Settings
from tests.retrieval.embedders.embedding_server import KEY, WHOLE, Service, running


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as served:
        yield served


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


def _key(service: Service) -> str:
    return f"vllm:{service.address}/vllm#maker/embedder"


def test_models_in_this_process_are_shared(settings: Settings) -> None:
    assert embedder_for("packaged", settings) is get_embedder()
    assert isinstance(embedder_for("BAAI/bge-small-en-v1.5", settings), SentenceEmbedder)


def test_a_secret_is_used_for_its_caller_alone(service: Service, settings: Settings) -> None:
    key, address = _key(service), f"vllm:{service.address}/vllm"
    ana = Credentials({}, keys={address: SecretStr(KEY)})
    assert embedder_for(key, settings, ana).embed(["a"]).shape == (1, WHOLE)
    assert embedder_for(key, settings, ana) is embedder_for(key, settings, ana)
    with pytest.raises(ModelError, match="VLLM_API_KEY"):
        embedder_for(key, settings, Credentials({})).embed(["b"])


def test_a_secret_goes_to_the_address_that_it_was_given_for_alone(service: Service, settings: Settings) -> None:
    ana = Credentials({}, keys={"ollama:http://elsewhere:1": SecretStr(KEY)})
    with pytest.raises(ModelError, match="OLLAMA_API_KEY"):
        embedder_for(f"ollama:{service.address}/ollama#maker/embedder", settings, ana).embed(["b"])


def test_what_was_embedded_is_known_to_the_next_process(service: Service, settings: Settings) -> None:
    ana, ben = (Credentials({}, keys={f"vllm:{service.address}/vllm": SecretStr(KEY)}) for _ in range(2))
    embedder_for(_key(service), settings, ana).embed(["a"])
    embedder_for(_key(service), settings, ben).embed(["a"])
    assert service.texts == ["a"]


def test_without_room_nothing_is_kept(service: Service, settings: Settings) -> None:
    none = Settings(data_dir=settings.data_dir, keep_vectors_mb=0)
    embedder = embedder_for(_key(service), none, Credentials({}, keys={f"vllm:{service.address}/vllm": SecretStr(KEY)}))
    embedder.embed(["a"])
    assert list(settings.data_dir.iterdir()) == []


def test_a_key_that_names_no_model_is_refused(settings: Settings) -> None:
    with pytest.raises(BadInput, match="no embedding service"):
        embedder_for("cohre:embed-v4.0", settings)


def test_what_a_caller_lacks() -> None:
    openai = parse_key("openai:text-embedding-3-small")
    assert "OPENAI_API_KEY" in missing_for(openai, Credentials({}))
    assert missing_for(openai, Credentials({"OPENAI_API_KEY": "x"})) == ""
    assert missing_for(openai, Credentials({}, keys={"openai": SecretStr("x")})) == ""
    assert missing_for(parse_key("packaged"), Credentials({})) == ""


def test_documents_are_cut_by_the_packaged_tokenizer_and_indexed_in_full_requests(
    service: Service, settings: Settings
) -> None:
    embedder = embedder_for(
        _key(service), settings, Credentials({}, keys={f"vllm:{service.address}/vllm": SecretStr(KEY)})
    )
    document = Document(id="a", text="\n\n".join(f"Sentence number {at} of many." for at in range(1200)))
    passages = chunk_document(document, Chunking(max_tokens=16), embedder)
    assert [one.text for one in passages] == [
        one.text for one in chunk_document(document, Chunking(max_tokens=16), get_embedder())
    ]
    made = index_documents(IndexingPlan("A", None, Chunking(max_tokens=16), 1000), [document], embedder)
    assert made.manifest.dimensions == WHOLE
    assert made.manifest.token_vectors is None
    # One text by itself, to learn how long a vector is.
    assert sorted(len(body["__texts"]) for body in service.asked) == [1, len(passages) - 512, 256, 256]
