"""Stopped or killed indexing goes on where it was; nobody waits for a lock while a model computes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from rag_core.corpus import embedding
from rag_core.corpus.storage.kept_vectors import KeptVectors
from rag_core.corpus.storage.library import Library
from rag_core.errors import CollectionError, Stopped
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from tests.corpus.doubles import WordEmbedder, documents

ROOT = Path(__file__).parents[3]
HASHES = ["ab" * 32, "cd" * 32]


def many(count: int) -> list[Document]:
    """One passage a document."""
    return [Document(id=f"{number}.txt", text=f"Word{number} and more.") for number in range(count)]


def test_what_was_kept_is_read_again_by_model_and_dimensions(tmp_path):
    vectors = np.arange(8, dtype=np.float32).reshape(2, 4)
    KeptVectors(tmp_path / "kept").add("m@1", HASHES, vectors)
    found = KeptVectors(tmp_path / "kept").read("m@1", 4)
    assert list(found) == HASHES
    assert np.array_equal(np.stack(list(found.values())), vectors)
    assert KeptVectors(tmp_path / "kept").read("m@2", 4) == KeptVectors(tmp_path / "kept").read("m@1", 8) == {}


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_record_is_left_out(tmp_path, damage):
    KeptVectors(tmp_path).add("m@1", HASHES, np.ones((2, 4), np.float32))
    (path,) = tmp_path.rglob("*.bin")
    data = path.read_bytes()
    path.write_bytes(data[:-1] if damage == "cut" else data[:-2] + b"##")
    assert list(KeptVectors(tmp_path).read("m@1", 4)) == HASHES[:1]


class Halting(WordEmbedder):
    """Raises Stopped at the third call, as a progress callback does that was told to stop."""

    def embed(self, texts, progress=None):
        if len(self.embedded) >= 2 * embedding.SLICE:
            raise Stopped("It was stopped.")
        return super().embed(texts, progress)


def test_stopped_indexing_goes_on_where_it_was(library):
    total = 4 * embedding.SLICE
    with pytest.raises(Stopped):
        library.build("Notes", many(total), Chunking(), Halting())
    assert library.names() == []
    rest, seen = WordEmbedder(), []
    built = library.build("Notes", many(total), Chunking(), rest, lambda *said: seen.append(said))
    assert len(rest.embedded) == total - 2 * embedding.SLICE
    assert next(said for said in seen if said[0] == "embedding") == ("embedding", 2 * embedding.SLICE, total)
    plain = Library(library.root / "other").build("Notes", many(total), Chunking(), WordEmbedder())
    assert np.array_equal(built.vectors, plain.vectors)
    assert not (library.root / ".kept-vectors").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from rag_core.corpus import embedding
from rag_core.corpus.storage.library import Library
from rag_core.schema.chunking import Chunking
from tests.corpus.doubles import WordEmbedder
from tests.corpus.storage.test_kept_vectors import many

class Killed(WordEmbedder):
    def embed(self, texts, progress=None):
        if len(self.embedded) >= 3 * embedding.SLICE:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts, progress)

Library(Path(sys.argv[1])).build("Notes", many(5 * embedding.SLICE), Chunking(), Killed())
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is POSIX")
def test_a_killed_process_loses_at_most_the_slice_that_it_was_at(library):
    killed = subprocess.run([sys.executable, "-c", KILLED, str(library.root)], cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    rest = WordEmbedder()
    library.build("Notes", many(5 * embedding.SLICE), Chunking(), rest)
    assert len(rest.embedded) == 2 * embedding.SLICE


class Meanwhile(WordEmbedder):
    """Does something else while it embeds for the first time, as another person would."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def embed(self, texts, progress=None):
        act, self.act = self.act, lambda: None
        act()
        return super().embed(texts, progress)


def test_another_change_does_not_wait_for_the_model_and_neither_is_lost(library):
    library.build("Notes", documents(2), Chunking(), WordEmbedder())
    slow = Meanwhile(lambda: library.add("Notes", many(1), WordEmbedder()))
    both = library.add("Notes", [Document(id="late.txt", text="Late news.")], slow)
    assert {document.id for document in both.documents()} == {"doc-0.md", "doc-1.md", "0.txt", "late.txt"}
    assert slow.embedded == ["Late news."]
    assert library.open("Notes", WordEmbedder()).ref == both.ref


@pytest.mark.parametrize("act", ["rename", "remove"])
def test_a_collection_that_goes_away_meanwhile_is_not_brought_back(library, act):
    library.build("Notes", documents(2), Chunking(), WordEmbedder())
    acts = {"rename": lambda: library.rename("Notes", "Minutes"), "remove": lambda: library.remove("Notes")}
    with pytest.raises(CollectionError, match="no collection called 'Notes'"):
        library.add("Notes", many(1), Meanwhile(acts[act]))
    assert library.names() == {"rename": ["Minutes"], "remove": []}[act]


def test_a_name_that_is_taken_meanwhile_is_refused(library):
    with pytest.raises(CollectionError, match="already"):
        library.build(
            "Notes", many(1), Chunking(), Meanwhile(lambda: library.build("Notes", many(2), Chunking(), WordEmbedder()))
        )
    assert library.manifest("Notes").documents == 2


def test_two_writers_at_once_take_turns(library):
    library.build("Notes", documents(1), Chunking(), WordEmbedder())
    threads = [
        threading.Thread(
            target=library.add, args=("Notes", [Document(id=f"{n}.txt", text=f"Number {n}.")], WordEmbedder())
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert library.manifest("Notes").documents == 5
