"""A process killed while it writes (`kill -9`) leaves the collection as it was: whole, old or new."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rag_core.corpus.storage.library import Library
from rag_core.schema.chunking import Chunking
from tests.corpus.doubles import TokenEmbedder, documents

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9 and fork are POSIX")
ROOT = Path(__file__).parents[3]

SLOW = """
import sys, time
from pathlib import Path
from rag_core.corpus.storage.library import Library
from tests.corpus.doubles import TokenEmbedder, documents

class Slow(TokenEmbedder):
    def embed_with_tokens(self, texts):
        print("embedding", flush=True)
        time.sleep(600)

Library(Path(sys.argv[1])).add("Handbook", documents(9), Slow())
"""

AT_EVERY_STEP = """
import json, os, signal, sys
from pathlib import Path
from rag_core.schema.chunking import Chunking
from rag_core.corpus.storage.library import Library
from tests.corpus.doubles import TokenEmbedder, documents

root, seen, outcomes = sys.argv[1], 0, []
large = len(sys.argv) > 2  # then one document is added to a collection that stays as it lies there

EVENTS = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link")
now = 30

def die_at(step):
    def hook(event, args):
        global seen
        writes = not large or "w" in str(args[1]) if event == "open" else event in EVENTS
        if writes and str(args[0]).startswith(root):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
    return hook

for step in range(1, 400):
    wanted = now + 1 if large else 4 + step % 2
    child = os.fork()
    if child == 0:
        sys.addaudithook(die_at(step))
        library = Library(Path(root), whole_below=1)
        if large:
            library.add("Handbook", documents(30 + step)[-1:], TokenEmbedder())
        else:
            library.build("Handbook", documents(wanted), Chunking(), TokenEmbedder(), replace=True)
        os._exit(0)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    collection = Library(Path(root)).open("Handbook", TokenEmbedder())
    now = collection.ref.documents
    tokens = len(collection.token_vectors), collection.manifest.token_vectors.passages, len(collection.passages)
    outcomes.append((killed, wanted, collection.ref.documents, len(collection.documents()), *tokens))
    if not killed:
        break
print(json.dumps(outcomes))
"""


@pytest.fixture
def root(tmp_path):
    Library(tmp_path).build("Handbook", documents(3), Chunking(), TokenEmbedder())
    return tmp_path


def start(script, root, *more):
    command = [sys.executable, "-c", script, str(root), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_killed_while_embedding(root):
    with start(SLOW, root) as process:
        assert process.stdout.readline() == "embedding\n"
        process.send_signal(signal.SIGKILL)
    library = Library(root)
    assert library.open("Handbook", TokenEmbedder()).ref.documents == 3
    library.add("Handbook", documents(4), TokenEmbedder())
    assert library.open("Handbook", TokenEmbedder()).ref.documents == 4


def test_killed_at_every_step_of_writing(root):
    with start(AT_EVERY_STEP, root) as process:
        outcomes = json.loads(process.stdout.read())
    before = 3
    for _killed, wanted, documents_now, documents_read, *passages in outcomes:
        assert documents_now == documents_read
        assert documents_now in (before, wanted)
        assert passages == [2 * documents_now] * 3  # all have their token vectors
        before = documents_now
    assert [killed for killed, *_ in outcomes] == [True] * (len(outcomes) - 1) + [False]
    assert len(outcomes) > 25
    assert before == outcomes[-1][1]
    assert not list(root.rglob("*.partial"))
    (versions,) = root.glob("*/versions")
    assert len(list(versions.iterdir())) == 2


def test_killed_at_every_step_of_adding_to_a_large_collection(tmp_path):
    Library(tmp_path).build("Handbook", documents(30), Chunking(), TokenEmbedder())
    with start(AT_EVERY_STEP, tmp_path, "large") as process:
        outcomes = json.loads(process.stdout.read())
    before = 30
    for _killed, wanted, documents_now, documents_read, *passages in outcomes:
        assert documents_now == documents_read and documents_now in (before, wanted)
        assert passages == [2 * documents_now] * 3
        before = documents_now
    assert [killed for killed, *_ in outcomes] == [True] * (len(outcomes) - 1) + [False]
    assert len(outcomes) > 60 and before == outcomes[-1][1]
    assert not list(tmp_path.rglob("*.partial"))
