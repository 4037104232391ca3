import errno
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from rag_core.corpus.loading import sandbox
from rag_core.corpus.loading.columns import CsvColumns
from rag_core.corpus.loading.sandbox import parse_upload, parse_uploads, safe_label, unique_labels
from rag_core.corpus.readers.base import Limits
from rag_core.errors import CollectionError
from tests.corpus.files import pdf, saved, word, zip_of


def reason(name, data, **options):
    loaded = parse_upload(name, data, **options)
    assert loaded.documents == ()
    (problem,) = loaded.problems
    assert problem.name == safe_label(name)
    return problem.reason


def test_good_files_load_beside_broken_ones():
    made = word()
    made.add_paragraph("From Word.")
    told = []
    results = parse_uploads(
        [
            ("a.pdf", pdf("From PDF.")),
            ("a.docx", saved(made)),
            ("a.html", b"<p>From HTML.</p>"),
            ("a.csv", b"id,text\n1,From CSV.\n"),
            ("broken.pdf", b"%PDF-1.7 broken"),
        ],
        progress=lambda done, total: told.append((done, total)),
    )
    texts = [document.text for each in results for document in each.loaded.documents]
    assert texts == ["From PDF.", "From Word.", "From HTML.", "From CSV."]
    assert [problem.name for each in results for problem in each.loaded.problems] == ["broken.pdf"]
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_a_name_that_is_there_already_gets_a_number():
    results = parse_uploads([("a.txt", b"one"), ("dir/a.txt", b"two"), ("A.txt", b"three")])
    assert [each.loaded.documents[0].id for each in results] == ["a.txt", "a (2).txt", "A (3).txt"]


def test_columns_are_chosen_for_each_file_though_names_are_alike():
    table = ("a.csv", b"a,b\nlonger text,x\n")
    columns = {0: CsvColumns(text=("b",)), 2: CsvColumns(text=("a", "b"))}
    results = parse_uploads([table, table, table], columns=columns)
    texts = [document.text for each in results for document in each.loaded.documents]
    assert texts == ["x", "a: longer text\nb: x", "a: longer text\nb: x"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\x\\a.pdf", "a.pdf"),
        ("a\x00\n\u202efdp.exe", "afdp.exe"),
        ("  spaced   out .md", "spaced out .md"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("x" * 300 + ".docx", "x" * 145 + ".docx"),
    ],
)
def test_a_name_is_only_a_label(name, label):
    assert safe_label(name) == label


def test_labels_do_not_collide_with_numbered_ones():
    assert unique_labels(["a.txt", "a.txt", "a (2).txt"]) == ["a.txt", "a (2).txt", "a (2) (2).txt"]


def test_too_slow_is_stopped_and_named():
    endless = b"<div>" + b"<p>x</p>" * 1_000_000
    assert "longer than 0.5 s" in reason("slow.html", endless, limits=Limits(seconds=0.5))


def test_too_much_processor_time_is_stopped_and_named():
    endless = b"<div>" + b"<p>x</p>" * 1_000_000
    assert "longer than 1 s" in reason("slow.html", endless, limits=Limits(cpu_seconds=1))


def test_too_much_memory_is_named():
    assert "more than 100 MB of memory" in reason("large.txt", b"word " * 9_000_000, limits=Limits(memory_mb=100))


def test_too_much_text_is_named():
    table = b"text\n" + b"x\n" * 20_000  # a document per row costs about 100 bytes of JSON
    assert "more than 1 MB of text" in reason("wide.csv", table, limits=Limits(output_mb=1))


def test_a_zip_bomb_costs_nothing():
    bomb = zip_of(word__document=b" " * 30 * 2**20)
    assert "more than 20 MB" in reason("bomb.docx", bomb, limits=Limits(unzipped_mb=20))


def test_an_upload_over_the_limit_is_not_even_started():
    assert "larger than 1 MB" in reason("a.txt", b"x" * (2**20 + 1), limits=Limits(file_mb=1))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the worker's environment is read from /proc")
def test_the_worker_sees_no_secret(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-to-be-seen")
    slow = b"<div>" + b"<p>x</p>" * 400_000
    upload = threading.Thread(target=parse_upload, args=("a.html", slow), kwargs={"limits": Limits(seconds=4)})
    upload.start()
    seen = []
    while upload.is_alive():
        seen += [each for each in environments_of_children() if "PYTHONUTF8" in each]
        time.sleep(0.05)
    upload.join()
    assert seen
    assert not any("sk-not-to-be-seen" in each for each in seen)


def environments_of_children():
    """What the system shows of the environment of each process that this one has started."""
    for children in Path("/proc/self/task").glob("*/children"):
        try:
            yield from [Path(f"/proc/{child}/environ").read_text() for child in children.read_text().split()]
        except OSError:  # it has ended meanwhile
            continue


FULL = Path("/dev/full")


def _no_folder():
    raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")


@pytest.mark.parametrize("data", [b"A short text.", b"A long text. " * 9000], ids=["at the end", "half-way"])
@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a disk that is always full")
def test_a_full_folder_of_temporary_files_says_what_to_do(monkeypatch, data):
    monkeypatch.setattr(sandbox, "tempfile", SimpleNamespace(TemporaryFile=partial(FULL.open, "w+b")))
    with pytest.raises(CollectionError, match=r"takes no more \(No space left on device\)\. Free some space there"):
        parse_upload("a.txt", data)


def test_no_folder_of_temporary_files_says_what_to_do(monkeypatch):
    monkeypatch.setattr(sandbox, "tempfile", SimpleNamespace(TemporaryFile=_no_folder))
    with pytest.raises(CollectionError, match="No usable temporary directory found"):
        parse_upload("a.txt", b"text")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a disk that is always full")
def test_an_answer_that_has_no_room_is_not_the_files_fault(monkeypatch):
    files = iter([tempfile.TemporaryFile, partial(FULL.open, "w+b")])
    monkeypatch.setattr(sandbox, "tempfile", SimpleNamespace(TemporaryFile=lambda: next(files)()))
    with pytest.raises(CollectionError, match="its answer could not be written"):
        parse_upload("a.txt", b"text")
