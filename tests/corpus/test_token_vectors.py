"""Token vectors that are made while a collection is indexed: which texts have them, when they are used again, and when
there are none."""

from __future__ import annotations

import numpy as np
import pytest

from rag_core.corpus.storage.library import Library
from rag_core.errors import CollectionError
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from tests.corpus.doubles import TokenEmbedder, WordEmbedder, documents


@pytest.fixture
def embedder() -> TokenEmbedder:
    return TokenEmbedder()


def assert_whole(collection, embedder) -> None:
    assert len(collection.passages) > 0
    for passage in collection.passages:
        found, expected = collection.token_vectors.get(passage.content_hash), embedder.codes_of(passage.model_text)
        np.testing.assert_array_equal(found.codes, expected.codes)
        np.testing.assert_array_equal(found.scales, expected.scales)
        assert (found.tokens, found.seen_chars) == (expected.tokens, expected.seen_chars)


def test_they_are_saved_and_mapped_again(library, embedder):
    made = library.build("Notes", documents(), Chunking(), embedder)
    opened = library.open("Notes", embedder)
    for one in (made, opened):
        assert_whole(one, embedder)
    record = library.manifest("Notes").token_vectors
    assert (record.model, record.passages) == ("letters@1", len(opened.token_vectors))
    assert record.size == opened.token_vectors.nbytes
    assert {"tokens/codes.npy", "tokens/scales.npy", "tokens/texts.npz"} <= set(library.manifest("Notes").files)
    kept = next(iter(opened.token_vectors.items()))[1].codes
    while isinstance(kept, np.ndarray) and not isinstance(kept, np.memmap):
        kept = kept.base
    assert isinstance(kept, np.memmap)


@pytest.mark.parametrize("name", ["codes.npy", "scales.npy", "texts.npz"])
def test_a_file_of_theirs_that_was_changed_is_noticed(library, embedder, name):
    library.build("Notes", documents(), Chunking(), embedder)
    (file,) = library.root.glob(f"*/versions/*/tokens/{name}")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(CollectionError, match=rf"tokens/{name} is not as it was written.*Re-index"):
        library.open("Notes", embedder)
    assert_whole(library.reindex("Notes", Chunking(), embedder), embedder)
    file.unlink(missing_ok=True)
    library.open("Notes", embedder)


def test_only_what_is_new_is_read_and_what_is_gone_goes(library, embedder):
    library.build("Notes", documents(3), Chunking(), embedder)
    embedder.embedded.clear()
    added = library.add("Notes", documents(4), embedder)
    assert len(embedder.embedded) == len(added.passages_of("doc-3.md"))
    assert_whole(added, embedder)
    left = library.delete_documents("Notes", ["doc-0.md"])
    assert len(left.token_vectors) == len(left.passages)
    assert_whole(library.open("Notes", embedder), embedder)


def test_an_embedder_without_them_keeps_none(library):
    library.build("Notes", documents(), Chunking(), WordEmbedder())
    assert library.manifest("Notes").token_vectors is None
    assert len(library.open("Notes", WordEmbedder()).token_vectors) == 0


def test_a_collection_above_the_size_keeps_none(tmp_path, embedder):
    library = Library(tmp_path, most_token_bytes=1000)
    assert len(library.build("Notes", documents(), Chunking(), embedder).token_vectors) == 0
    embedder.embedded.clear()
    library.reindex("Notes", Chunking(), embedder)
    assert embedder.embedded == []
    assert len(Library(tmp_path, most_token_bytes=0).reindex("Notes", Chunking(), embedder).token_vectors) == 0


@pytest.mark.parametrize(
    ("adding", "most"),
    [(WordEmbedder(), 2**20), (TokenEmbedder(tokens="letters@2"), 2**20), (TokenEmbedder(), 1000)],
    ids=["none", "another model", "above the size"],
)
def test_adding_where_none_of_the_kind_are_made_leaves_those_that_are_there(tmp_path, embedder, adding, most):
    Library(tmp_path).build("Notes", documents(3), Chunking(), embedder)
    library = Library(tmp_path, most_token_bytes=most)
    added = library.add("Notes", documents(4), adding)
    new = {each.content_hash for each in added.passages_of("doc-3.md")}
    for one in (added, library.open("Notes", adding)):
        assert one.token_vectors.model == library.manifest("Notes").token_vectors.model == "letters@1"
        assert {each.content_hash for each in one.passages} - new == {known for known, _ in one.token_vectors.items()}
    embedder.embedded.clear()
    again = Library(tmp_path).add("Notes", documents(5), embedder)
    assert len(embedder.embedded) == len(again.passages_of("doc-4.md"))
    assert len(again.token_vectors) == len(again.passages) - len(new)
    assert_whole(Library(tmp_path).reindex("Notes", Chunking(), embedder), embedder)


def test_chinese_text_counts_a_token_for_each_letter(tmp_path, embedder):
    chinese = [Document(id="a.md", title="", text="退款需要三十天" * 20)]
    for most, kept in ((140 * 132 - 1, False), (2**20, True)):
        library = Library(tmp_path / str(most), most_token_bytes=most)
        assert bool(library.build("Notes", chinese, Chunking(), embedder).token_vectors.model) == kept


def test_re_indexing_adds_them_to_a_collection_that_has_none(library, embedder):
    library.build("Notes", documents(3), Chunking(), WordEmbedder())
    added = library.add("Notes", documents(4), embedder)  # reads what is new only
    assert len(embedder.embedded) == len(added.token_vectors) == len(added.passages_of("doc-3.md"))
    made = library.reindex("Notes", Chunking(), embedder)
    assert_whole(made, embedder)


def test_those_of_another_model_are_made_anew(library, embedder):
    library.build("Notes", documents(3), Chunking(), embedder)
    other = TokenEmbedder(tokens="letters@2")
    made = library.reindex("Notes", Chunking(), other)
    assert (made.token_vectors.model, len(made.token_vectors)) == ("letters@2", len(made.passages))


def test_an_attempt_that_was_stopped_goes_on_where_it_was(library, embedder, monkeypatch):
    monkeypatch.setattr("rag_core.corpus.embedding.SLICE", 2)

    def stopped(step, done, total):
        if step == "embedding" and done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.build("Notes", documents(), Chunking(), embedder, stopped)
    before = len(embedder.embedded)
    (kept,) = (library.root / ".kept-vectors").glob("*/*-tokens")
    newest = max(kept.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-1])  # cut off
    made = library.build("Notes", documents(), Chunking(), embedder)
    assert 4 <= before < len(made.passages) == len(embedder.embedded)
    assert len(made.token_vectors) == len(made.passages) - 1
    assert not (library.root / ".kept-vectors").exists()


def test_those_of_an_earlier_version_that_named_their_precision_are_read(library):
    made = library.build("Notes", documents(3), Chunking(), TokenEmbedder(tokens="letters@1-fp32"))
    assert made.token_vectors.model == "letters@1-fp32"
    opened = library.open("Notes", TokenEmbedder())
    assert (opened.token_vectors.model, len(opened.token_vectors)) == ("letters@1", len(opened.passages))
