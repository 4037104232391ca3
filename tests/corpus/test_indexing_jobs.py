"""Indexing in the background: what was asked for survives Stop and kill -9, and goes on where it was."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from rag_core.corpus import embedding
from rag_core.corpus.indexing_jobs import KIND, NAMED, SAMPLE_KIND, JobProgress, indexing_work, left_out, sample_work
from rag_core.corpus.sample import SAMPLE
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.orders import FileResult, IndexingOrder, OrderBook
from rag_core.errors import BadInput
from rag_core.jobs import JobBook
from rag_core.schema.chunking import Chunking
from rag_core.schema.files import SourceFile
from rag_core.storage.database import Store
from tests.corpus.doubles import TokenEmbedder, WordEmbedder, documents

ROOT = Path(__file__).parents[2]
HEADER = b"id,title,text\n"
ROWS = 5 * embedding.SLICE
TABLE = HEADER + b"".join(b"%d,Row %d,Word%d and more.\n" % (n, n, n) for n in range(ROWS))


@pytest.fixture
def book(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'jobs.db'}")
    yield JobBook(store)
    store.close()


@pytest.fixture
def orders(library):
    return OrderBook(library.root)


def upload(orders, name="Notes", *files, new=True):
    """An order for these files: (name, content)."""
    order = IndexingOrder(action="upload", name=name, new=new, files=tuple(label for label, _ in files))
    return orders.place(order, [data for _, data in files])


def done(book, orders, library, order, embedder=None):
    """The job of this order, once it is over."""
    work = indexing_work(order, orders, library, embedder or WordEmbedder())
    return book.join(book.start(KIND, 0, work, job_id=order.id).id)


def test_files_become_a_collection_and_each_file_has_its_result(book, orders, library):
    order = upload(orders, "Notes", ("a.md", b"# A\n\nAlpha."), ("broken.pdf", b"%PDF-1.4 cut"))
    job = done(book, orders, library, order)
    assert (job.state, job.message) == ("done", "1 document was indexed in Notes.")
    good, bad = orders.outcome(order).files
    assert good == FileResult(name="a.md", documents=1, source=SourceFile(name="a.md", encoding="UTF-8"))
    assert bad.documents == 0 and "damaged" in bad.problems[0][1]
    kept = library.open("Notes", WordEmbedder())
    assert [one.id for one in kept.documents()] == ["a.md"]
    assert kept.files == (SourceFile(name="a.md", encoding="UTF-8"),)
    assert sorted(path.name for path in (library.root / ".orders" / order.id).iterdir()) == [
        "order.json",
        "outcome.json",
    ]
    orders.discard(order)
    assert orders.all().found == ()


def test_nothing_that_can_be_read_fails_and_says_why(book, orders, library):
    job = done(book, orders, library, upload(orders, "Notes", ("x.bin", b"\x00\x01")))
    assert job.state == "failed" and job.message.startswith(
        "Nothing was indexed. Left out: x.bin: Files ending in .bin"
    )
    assert library.names() == []


def test_a_table_added_again_names_the_rows_that_are_gone(book, orders, library):
    table = b"id,text\na,One.\nb,Two.\n"
    done(book, orders, library, upload(orders, "Notes", ("faq.csv", table)))
    job = done(book, orders, library, upload(orders, "Notes", ("faq.csv", table[:-7]), new=False))
    told = "They replaced 2 documents that were there: faq.csv#a, faq.csv#b."
    assert job.message == f"1 document was indexed in Notes. {told}"
    assert [one.id for one in library.open("Notes", WordEmbedder()).documents()] == ["faq.csv#a"]


def test_adding_names_what_it_replaced(book, orders, library):
    library.build("Notes", documents(2), Chunking(), WordEmbedder())
    order = upload(orders, "Notes", ("doc-0.md", b"New."), ("c.md", b"More."), new=False)
    job = done(book, orders, library, order)
    assert job.message == "2 documents were indexed in Notes. They replaced a document that was there: doc-0.md."
    assert library.manifest("Notes").documents == 3


def test_every_other_change_is_an_order_too(book, orders, library, tmp_path):
    shared = Library(tmp_path / "shared")
    copy = orders.place(IndexingOrder(action="copy", name="Copy", new=True, owner="me"), documents=documents(3))
    assert done(book, orders, library, copy).message == "3 documents were indexed in Copy."
    assert library.manifest("Copy").owner == "me"
    cut = orders.place(IndexingOrder(action="rechunk", name="Copy", chunking=Chunking(max_tokens=16)))
    assert done(book, orders, library, cut).message.startswith("Copy is now cut into ")
    assert library.manifest("Copy").chunking.max_tokens == 16
    fewer = orders.place(IndexingOrder(action="delete", name="Copy", document_ids=("doc-0.md",)))
    assert done(book, orders, library, fewer).message == "1 document deleted from Copy; 2 left."
    share = orders.place(IndexingOrder(action="share", name="Copy"))
    work = indexing_work(share, orders, library, WordEmbedder(), shared)
    assert book.join(book.start(KIND, 0, work, job_id=share.id).id).state == "done"
    assert (library.names("me"), shared.names()) == ([], ["Copy"])


class Waiting(WordEmbedder):
    """Embeds one slice, says so, and waits before the next."""

    def __init__(self):
        super().__init__()
        self.began, self.go_on = threading.Event(), threading.Event()

    def embed(self, texts, progress=None):
        if self.embedded:
            self.began.set()
            assert self.go_on.wait(60)
        return super().embed(texts, progress)


def test_stop_keeps_what_was_made_and_going_on_makes_the_rest(book, orders, library):
    order, slow = upload(orders, "Notes", ("t.csv", TABLE)), Waiting()
    book.start(KIND, 0, indexing_work(order, orders, library, slow), job_id=order.id)
    assert slow.began.wait(60)
    running = book.get(order.id)
    assert running.state == "running" and running.message.startswith("Embedding passages: ")
    with pytest.raises(BadInput, match="worked on already"):
        book.start(KIND, 0, indexing_work(order, orders, library, slow), job_id=order.id)
    book.cancel(order.id)
    slow.go_on.set()
    assert book.join(order.id).state == "cancelled"
    assert library.names() == [] and len(slow.embedded) < ROWS
    rest = WordEmbedder()
    (kept,) = orders.all().found
    assert done(book, orders, library, kept, rest).state == "done"
    assert len(rest.embedded) == ROWS - len(slow.embedded)
    assert library.manifest("Notes").documents == ROWS


KILLED = """
import os, signal, sys
from pathlib import Path
from rag_core.corpus import embedding
from rag_core.corpus.indexing_jobs import KIND, indexing_work
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.orders import OrderBook
from rag_core.schema.files import SourceFile
from rag_core.jobs import JobBook
from rag_core.storage.database import Store
from tests.corpus.doubles import WordEmbedder

class Killed(WordEmbedder):
    def embed(self, texts, progress=None):
        if len(self.embedded) >= 3 * embedding.SLICE:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts, progress)

library, book = Library(Path(sys.argv[1])), JobBook(Store(sys.argv[2]))
orders = OrderBook(library.root)
(order,) = orders.all().found
book.start(KIND, 0, indexing_work(order, orders, library, Killed()), job_id=order.id)
book.join(order.id)
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is POSIX")
def test_after_kill_9_the_upload_is_there_and_only_the_rest_is_embedded(orders, library, tmp_path):
    upload(orders, "Notes", ("t.csv", TABLE))
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(library.root), url], cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    store = Store(url)
    book = JobBook(store, silent=timedelta())
    (order,) = orders.all().found
    assert book.get(order.id).state == "interrupted"
    rest = WordEmbedder()
    assert done(book, orders, library, order, rest).state == "done"
    assert len(rest.embedded) == ROWS - 3 * embedding.SLICE
    assert library.manifest("Notes").documents == ROWS
    store.close()


def test_the_sample_is_indexed_in_the_background(book, library, tmp_path):
    (tmp_path / "sample" / "documents").mkdir(parents=True)
    (tmp_path / "sample" / "documents" / "a.md").write_text("# A\n\nAlpha.")
    job = book.join(book.start(SAMPLE_KIND, 0, sample_work(library, tmp_path / "sample", WordEmbedder())).id)
    assert (job.state, library.names()) == ("done", [SAMPLE])


class Board:
    """A control that remembers what it was told."""

    def __init__(self):
        self.said = []

    cancelled_here = False

    def cancelled(self):
        return False

    def reach(self, done, total, message=""):
        self.said.append(message)


def test_progress_is_told_seldom_and_with_an_estimate_of_what_is_left():
    board, now = Board(), [0.0]
    progress = JobProgress(board, clock=lambda: now[0])
    for at, count in [(0, 10), (0.1, 11), (10, 20), (10.1, 21), (90, 100)]:
        now[0] = at
        progress("embedding", count, 100)
    assert board.said == [
        "Embedding passages: 10 of 100",
        "Embedding passages: 20 of 100, about 1 min left",  # 10 s for 10, so 80 s for 80
        "Embedding passages: 100 of 100",
    ]


def test_an_order_of_another_version_of_the_program_is_passed_over(orders, library):
    order = upload(orders, "Notes", ("a.md", b"A"))
    (library.root / ".orders" / order.id / "order.json").write_text('{"action": "paint"}')
    assert orders.all().found == ()


def test_files_that_are_gone_are_asked_for_again(book, orders, library):
    order = upload(orders, "Notes", ("a.md", b"A"))
    (library.root / ".orders" / order.id / "files" / "0").unlink()
    assert done(book, orders, library, order).message.endswith("Upload them again.")


def broken(name):
    return FileResult(name=name, documents=0, problems=((name, "It is damaged."),))


def test_what_is_left_out_is_named_with_its_reason_and_many_are_counted():
    assert left_out([FileResult(name="a.txt", documents=1), broken("b.pdf")]) == ["Left out: b.pdf: It is damaged."]
    said = left_out([broken(f"{n}.pdf") for n in range(NAMED + 3)])
    assert len(said) == NAMED + 1
    assert said[-1] == "Left out: 3 more, named in the table of the upload."


@pytest.mark.parametrize(
    ("most", "embedder", "why"),
    [
        (2**20, WordEmbedder(), "makes none on this machine"),
        (1000, TokenEmbedder(), "larger than SECOND_PASS_TOKEN_VECTORS_MB allows"),
    ],
    ids=["no token model", "above the size"],
)
def test_re_chunking_that_drops_the_token_vectors_says_so_and_why(book, orders, library, most, embedder, why):
    library.build("Notes", documents(3), Chunking(), TokenEmbedder())
    cut = orders.place(IndexingOrder(action="rechunk", name="Notes", chunking=Chunking(max_tokens=16)))
    smaller = Library(library.root, most_token_bytes=most)
    message = done(book, orders, smaller, cut, embedder).message
    assert "Its token vectors are gone: " in message and why in message and "at query time" in message
    again = orders.place(IndexingOrder(action="rechunk", name="Notes", chunking=Chunking()))
    assert "token vectors" not in done(book, orders, library, again, TokenEmbedder()).message


@pytest.mark.parametrize(
    ("embedder", "why"),
    [(WordEmbedder(), "makes none on this machine"), (TokenEmbedder(tokens="letters@2"), "by another model")],
    ids=["no token model", "another model"],
)
def test_added_passages_without_token_vectors_are_named(book, orders, library, embedder, why):
    library.build("Notes", documents(2), Chunking(), TokenEmbedder())
    order = upload(orders, "Notes", ("c.md", b"Something new."), new=False)
    message = done(book, orders, library, order, embedder).message
    assert "The new passages have no token vectors: " in message and why in message
    order = upload(orders, "Notes", ("d.md", b"And something else."), new=False)
    assert done(book, orders, library, order, TokenEmbedder()).message == "1 document was indexed in Notes."


def test_a_model_that_could_not_be_converted_is_named_with_why(book, orders, library):
    class Slow(WordEmbedder):
        def not_converted(self) -> str:
            return "its vectors differ"

    order = upload(orders, "Notes", ("a.md", b"Something new."))
    message = done(book, orders, library, order, Slow()).message
    assert (
        message.startswith("1 document was indexed in Notes.") and "(not converted to OpenVINO: its vectors" in message
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_disk_that_is_full_while_indexing_says_what_to_do(tmp_path: Path) -> None:
    """A file may grow to 40 kB here, as on a disk with no more room; the vectors and the index need more."""
    (tmp_path / "documents").mkdir()
    for number in range(60):
        (tmp_path / "documents" / f"{number}.md").write_text(f"# Refund {number}\n\nRefunds take {number} days.")
    command = "ulimit -f 40; exec " + shlex.join(
        [sys.executable, "-m", "rag_core.cli.main", "index", str(tmp_path / "documents"), "--name", "Handbook"]
    )
    environment = {**os.environ, "SECOND_PASS_DATA_DIR": str(tmp_path / "data")}
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 2
    assert (
        "cannot be written (File too large). Free some space there" in ended.stderr and "Traceback" not in ended.stderr
    )


def test_a_job_that_meets_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    def work(_control: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "vectors.npy"))

    book = JobBook(Store(f"sqlite:///{tmp_path / 'jobs.db'}"))
    job = book.join(book.start(KIND, 0, work).id)
    assert job.state == "failed"
    assert job.message.startswith(f"{tmp_path / 'vectors.npy'} cannot be written (No space left on device). Free some")
