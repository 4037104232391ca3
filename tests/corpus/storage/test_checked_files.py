"""Large files are hashed once in their place, and again when anything has written to them."""

import json
import os

import pytest

from rag_core.corpus.storage import checked_files, manifest
from rag_core.errors import CollectionError
from rag_core.schema.chunking import Chunking
from tests.corpus.doubles import documents


@pytest.fixture
def hashed(monkeypatch):
    """The names of the files that were hashed; all files are large."""
    names = []

    def noted(path):
        names.append(path.name)
        return record_of(path)

    record_of = manifest.record_of
    monkeypatch.setattr(checked_files, "record_of", noted)
    monkeypatch.setattr(checked_files, "LARGE", 0)
    return names


@pytest.fixture
def version(library, embedder, hashed):
    library.build("Handbook", documents(3), Chunking(), embedder)
    (current,) = library.root.glob("*/CURRENT")
    return current.parent / "versions" / current.read_text()


def test_what_was_just_written_is_not_hashed_again(library, embedder, version, hashed):
    library.open("Handbook", embedder)
    assert set(hashed) <= {"files.jsonl"}  # which is empty, and no empty file is large


def test_a_copy_is_hashed_once(library, embedder, version, hashed):
    vectors = version / "vectors.npy"
    os.utime(vectors, ns=(0, 0))
    library.open("Handbook", embedder)
    library.open("Handbook", embedder)
    assert hashed.count("vectors.npy") == 1


def test_a_change_is_found(library, embedder, version):
    library.open("Handbook", embedder)
    data = (version / "vectors.npy").read_bytes()
    (version / "vectors.npy").write_bytes(data[:-3] + b"###")
    with pytest.raises(CollectionError, match=r"vectors\.npy is not as it was written"):
        library.open("Handbook", embedder)


@pytest.mark.parametrize("note", ["", "[]", '{"vectors.npy": null}', None])
def test_without_a_note_all_is_hashed(library, embedder, version, hashed, note):
    if note is None:
        (version / "checked.json").unlink()
    else:
        (version / "checked.json").write_text(note)
    library.open("Handbook", embedder)
    assert hashed.count("vectors.npy") == 1
    assert json.loads((version / "checked.json").read_text())["vectors.npy"]


def test_small_files_are_hashed_whenever_they_are_opened(library, embedder, version, hashed, monkeypatch):
    monkeypatch.setattr(checked_files, "LARGE", 2**20)
    library.open("Handbook", embedder)
    library.open("Handbook", embedder)
    assert hashed.count("vectors.npy") == 2
