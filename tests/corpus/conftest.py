import pytest

from rag_core.corpus.storage.library import Library
from tests.corpus.doubles import WordEmbedder


@pytest.fixture
def embedder():
    return WordEmbedder()


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "collections")
