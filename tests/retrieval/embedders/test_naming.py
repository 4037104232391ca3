"""The key of an embedding model: what it names, and what is said of one that names none."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.retrieval.embedders.naming import EmbedderKey, label_of, parse_key
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from tests.corpus.doubles import WordEmbedder


@pytest.mark.parametrize(
    ("key", "means"),
    [
        ("packaged", EmbedderKey(model="packaged")),
        ("BAAI/bge-small-en-v1.5", EmbedderKey(model="BAAI/bge-small-en-v1.5")),
        ("models/e5?dimensions=128", EmbedderKey(model="models/e5", dimensions=128)),
        ("openai:text-embedding-3-small", EmbedderKey(api="openai", model="text-embedding-3-small")),
        (" openai:m?dimensions=512", EmbedderKey(api="openai", model="m", dimensions=512)),
        ("vllm:http://gpu:8000/#a/b", EmbedderKey(api="vllm", address="http://gpu:8000", model="a/b")),
        ("tei:http://gpu:8080", EmbedderKey(api="tei", address="http://gpu:8080")),
        ("tei", EmbedderKey(api="tei", address="http://here:1")),
        ("tei#a/b", EmbedderKey(api="tei", address="http://here:1", model="a/b")),
        ("tei?query=q: &passage=p: ", EmbedderKey(api="tei", address="http://here:1", query="q: ", passage="p: ")),
        ("a/b?query=1+1", EmbedderKey(model="a/b", query="1+1")),
    ],
)
def test_a_key_is_read_and_written_without_loss(key: str, means: EmbedderKey) -> None:
    environ = {"TEI_URL": "http://here:1/"}
    assert parse_key(key, environ) == means
    assert parse_key(str(means), {}) == means


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "Name an embedding model"),
        ("cohre:embed-v4.0", "no embedding service 'cohre'"),
        ("openai:", "which model of OpenAI"),
        ("vllm", "VLLM_URL"),
        ("vllm:gpu", "needs an address"),
        ("vllm:http://me:secret@gpu#m", "must not hold a user name"),
        ("openai:m?dimension=3", "dimensions="),
        ("openai:m?dimensions=0", "1 or more"),
        ("openai:m?dimensions=many", "number"),
    ],
)
def test_a_key_that_names_nothing_says_what_to_write(key: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_key(key, {})
    assert said in str(caught.value)


def test_a_folder_with_a_colon_in_its_name_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a:b"
    folder.mkdir()
    assert parse_key(str(folder), {}).model == str(folder)


def test_whom_texts_are_sent_to() -> None:
    assert parse_key("openai:m", {}).goes_to == "OpenAI"
    assert parse_key("tei:http://gpu:1#m", {}).goes_to == "http://gpu:1"
    assert parse_key("packaged", {}).goes_to == ""


def test_an_embedder_is_called_by_the_name_that_a_person_knows():
    assert label_of(SentenceEmbedder()) == "all-MiniLM-L6-v2"
    assert label_of(WordEmbedder()) == WordEmbedder().model
