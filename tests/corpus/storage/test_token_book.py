"""Token vectors that are kept on disk: found by any process, whole after any end, up to a size."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from rag_core.corpus.storage.kept_tokens import to_bytes
from rag_core.corpus.storage.token_book import FILE, TokenBook
from rag_core.errors import SecondPassError
from rag_core.inference.token_codes import TokenCodes
from tests.corpus.doubles import TokenEmbedder

ROOT = Path(__file__).parents[3]
MODEL = "letters@1"
EMBEDDER = TokenEmbedder()

KEEPING = """
import sys
from pathlib import Path
from rag_core.corpus.storage.token_book import TokenBook
from tests.corpus.storage.test_token_book import MODEL, some

start = int(sys.argv[2])
for number in range(start, start + int(sys.argv[3])):
    TokenBook(Path(sys.argv[1]), "one").keep(MODEL, some(number))
    print(number, flush=True)
"""


def text(number: int) -> str:
    return f"Number {number} of many."


def hash_of(number: int) -> str:
    return hashlib.sha256(text(number).encode()).hexdigest()


def some(*numbers: int) -> dict[str, TokenCodes]:
    return {hash_of(number): EMBEDDER.codes_of(text(number)) for number in numbers}


def numbers_in(book: TokenBook, most: int) -> list[int]:
    """Which of the first texts are kept; each of them must be what was kept."""
    found = book.find(MODEL, [hash_of(number) for number in range(most)])
    assert not found.problem
    there = [number for number in range(most) if hash_of(number) in found.codes]
    for number in there:
        one, other = found.codes[hash_of(number)], EMBEDDER.codes_of(text(number))
        np.testing.assert_array_equal(one.codes, other.codes)
        np.testing.assert_array_equal(one.scales, other.scales)
        assert (one.tokens, one.seen_chars) == (other.tokens, other.seen_chars)
    return there


def keeping(folder: Path, start: int, count: int) -> subprocess.Popen[str]:
    """Another process that keeps one text after the other, and says so."""
    command = [sys.executable, "-c", KEEPING, str(folder), str(start), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_they_are_found_by_collection_model_and_text_alone(tmp_path: Path) -> None:
    TokenBook(tmp_path, "one").keep(MODEL, some(0, 1))
    TokenBook(tmp_path, "one").keep(MODEL, some(0, 2))
    assert numbers_in(TokenBook(tmp_path, "one"), 9) == [0, 1, 2]
    assert numbers_in(TokenBook(tmp_path, "two"), 9) == []
    assert not TokenBook(tmp_path, "one").find("letters@2", [hash_of(0)]).codes


def test_looking_and_forgetting_make_no_file(tmp_path: Path) -> None:
    TokenBook(tmp_path, "one").forget()
    assert numbers_in(TokenBook(tmp_path, "one"), 1) == []
    assert list(tmp_path.iterdir()) == []


def test_more_than_a_statement_takes_are_read(tmp_path: Path) -> None:
    TokenBook(tmp_path, "one").keep(MODEL, some(*range(700)))
    assert numbers_in(TokenBook(tmp_path, "one"), 701) == list(range(700))


def test_forgetting_one_collection_leaves_the_others(tmp_path: Path) -> None:
    for name in ("one", "two"):
        TokenBook(tmp_path, name).keep(MODEL, some(0))
    TokenBook(tmp_path, "one").forget()
    assert numbers_in(TokenBook(tmp_path, "one"), 1) == []
    assert numbers_in(TokenBook(tmp_path, "two"), 1) == [0]


def test_over_the_limit_those_that_were_used_longest_ago_go(tmp_path: Path) -> None:
    size = EMBEDDER.codes_of(text(10)).nbytes + 60  # with its hash, checksum and counts
    book, other = (TokenBook(tmp_path, name, most_bytes=50 * size) for name in ("one", "two"))
    other.keep(MODEL, some(0))
    for start in range(0, 300, 10):
        book.keep(MODEL, some(*range(start, start + 10)))
        assert book.find(MODEL, [hash_of(0)]).codes, "it is used all the time"
    left = numbers_in(book, 300)
    assert left[0] == 0 and left[1:] == list(range(301 - len(left), 300))
    assert 40 < len(left) <= 50
    assert numbers_in(other, 1) == [], "one limit for all collections"
    assert (tmp_path / FILE).stat().st_size < 100 * size


def test_threads_and_processes_keep_at_once(tmp_path: Path) -> None:
    with keeping(tmp_path, 0, 20) as first, keeping(tmp_path, 10, 20) as second, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda at: TokenBook(tmp_path, "one").keep(MODEL, some(at)), range(20, 40)))
        assert [first.wait(), second.wait()] == [0, 0]
    assert numbers_in(TokenBook(tmp_path, "one"), 50) == list(range(40))


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is POSIX")
def test_a_process_that_is_killed_while_it_writes_leaves_what_it_had_kept(tmp_path: Path) -> None:
    said = -1
    for start in (0, 1000):
        with keeping(tmp_path, start, 1000) as child:
            assert child.stdout
            for line in child.stdout:
                said = int(line)
                if said == start + 30:
                    child.kill()
        assert child.returncode < 0
        there = numbers_in(TokenBook(tmp_path, "one"), 2000)
        assert [one for one in there if one >= start][: said - start + 1] == list(range(start, said + 1))
    TokenBook(tmp_path, "one").keep(MODEL, some(5000))
    assert hash_of(5000) in TokenBook(tmp_path, "one").find(MODEL, [hash_of(5000)]).codes


def test_a_damaged_record_is_left_out_said_and_made_again(tmp_path: Path) -> None:
    book = TokenBook(tmp_path, "one")
    book.keep(MODEL, some(*range(5)))
    data = (tmp_path / FILE).read_bytes()
    record = to_bytes(hash_of(3), EMBEDDER.codes_of(text(3)))
    assert data.count(record) == 1
    (tmp_path / FILE).write_bytes(data.replace(record, record[:-64] + bytes(64)))
    found = book.find(MODEL, [hash_of(number) for number in range(5)])
    assert sorted(found.codes) == sorted(hash_of(number) for number in (0, 1, 2, 4))
    assert "token vectors of 1 passage were damaged" in found.problem
    assert numbers_in(book, 5) == [0, 1, 2, 4]
    book.keep(MODEL, some(3))
    assert numbers_in(book, 5) == list(range(5))


@pytest.mark.parametrize("kept", [0, 0.3, 0.9], ids=["garbage", "torn early", "torn late"])
def test_a_damaged_file_is_removed_said_and_made_again(tmp_path: Path, kept: float) -> None:
    book = TokenBook(tmp_path, "one")
    book.keep(MODEL, some(*range(300)))
    data = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(data[: int(len(data) * kept)] or b"no database, but long enough to look at" * 99)
    with pytest.raises(SecondPassError, match=r"were damaged .* was removed"):
        book.find(MODEL, [hash_of(number) for number in range(300)])
    assert numbers_in(book, 300) == []
    book.keep(MODEL, some(*range(300)))
    assert numbers_in(book, 300) == list(range(300))


def test_a_file_that_cannot_be_opened_says_what_to_do_and_stays(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(SecondPassError, match="Make room, or remove that file"):
        TokenBook(tmp_path, "one").find(MODEL, [hash_of(0)])
    assert (tmp_path / FILE).is_dir()


def test_what_is_read_is_used_where_another_process_only_writes(tmp_path: Path) -> None:
    book = TokenBook(tmp_path, "one")
    book.keep(MODEL, some(0, 1))
    with closing(sqlite3.connect(tmp_path / FILE)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = book.find(MODEL, [hash_of(0), hash_of(1)])
        assert sorted(found.codes) == sorted(some(0, 1))
        assert "could not be marked as used: Another process is writing" in found.problem
        assert "remove that file" not in found.problem
    assert numbers_in(book, 2) == [0, 1], "and nothing is said once it can be noted"


@pytest.mark.parametrize("what", ["UPDATE", "DELETE"])
def test_what_is_whole_is_used_where_nothing_can_be_noted(tmp_path: Path, what: str) -> None:
    book = TokenBook(tmp_path, "one")
    book.keep(MODEL, some(0, 1))
    with closing(sqlite3.connect(tmp_path / FILE)) as other, other:
        other.execute("UPDATE records SET record = x'00' WHERE number = (SELECT min(number) FROM records)")
        other.execute(f"CREATE TRIGGER full BEFORE {what} ON texts BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
    found = book.find(MODEL, [hash_of(0), hash_of(1)])
    assert list(found.codes) == [hash_of(1)]
    assert "of 1 passage were damaged" in found.problem and "disk is full" in found.problem


def test_a_damaged_record_that_was_made_again_meanwhile_stays(tmp_path: Path) -> None:
    book = TokenBook(tmp_path, "one")
    book.keep(MODEL, some(0))
    book._note_use(MODEL, [], {hash_of(0)})  # what a reader does who has read it before it was made again
    assert numbers_in(book, 1) == [0]


def test_a_file_that_another_process_holds_says_so_and_stays(tmp_path: Path) -> None:
    book = TokenBook(tmp_path, "one", busy_s=0.1)
    book.keep(MODEL, some(0))
    with closing(sqlite3.connect(tmp_path / FILE)) as other:
        other.execute("BEGIN IMMEDIATE")
        for change in (lambda: book.keep(MODEL, some(1)), book.forget, book.trim):
            with pytest.raises(SecondPassError, match=r"Another process is writing .* when it is done") as raised:
                change()
            assert "remove that file" not in str(raised.value)
    assert numbers_in(book, 2) == [0]


def as_earlier_versions_made_it(folder: Path) -> None:
    """A file that cannot give back single pages."""
    with closing(sqlite3.connect(folder / FILE)) as book:
        book.execute("PRAGMA journal_mode=DELETE")
        book.execute("PRAGMA auto_vacuum=NONE")
        book.execute("VACUUM")
        assert book.execute("PRAGMA auto_vacuum").fetchone() == (0,)


@pytest.mark.parametrize("earlier", [False, True], ids=["new", "of an earlier version"])
def test_a_smaller_limit_is_kept_by_trimming_and_the_disk_has_its_space_again(tmp_path: Path, earlier: bool) -> None:
    size = EMBEDDER.codes_of(text(10)).nbytes + 60
    for name in ("one", "two"):
        TokenBook(tmp_path, name).keep(MODEL, some(*range(100, 200)))
    if earlier:
        as_earlier_versions_made_it(tmp_path)
    before = (tmp_path / FILE).stat().st_size
    TokenBook(tmp_path, "one", most_bytes=50 * size).trim()
    assert numbers_in(TokenBook(tmp_path, "one"), 200) == []
    kept = numbers_in(TokenBook(tmp_path, "two"), 200)
    assert 40 < len(kept) <= 50, "used last"
    assert (tmp_path / FILE).stat().st_size < before / 2
    TokenBook(tmp_path, "one").keep(MODEL, some(*range(20)))
    TokenBook(tmp_path, "one", most_bytes=30 * size).trim()
    assert numbers_in(TokenBook(tmp_path, "one"), 200) == list(range(20)), "and again, with whole records"
    TokenBook(tmp_path, "one", most_bytes=0).trim()
    assert numbers_in(TokenBook(tmp_path, "two"), 200) == []
    assert (tmp_path / FILE).stat().st_size < before / 4


def test_a_smaller_limit_gives_the_disk_its_space_when_a_question_keeps_more(tmp_path: Path) -> None:
    TokenBook(tmp_path, "one").keep(MODEL, some(*range(300)))
    before = (tmp_path / FILE).stat().st_size
    TokenBook(tmp_path, "one", most_bytes=before // 4).keep(MODEL, some(300))
    assert numbers_in(TokenBook(tmp_path, "one"), 301)[-1] == 300
    assert (tmp_path / FILE).stat().st_size < before / 2


def test_a_collection_that_goes_gives_the_disk_its_space(tmp_path: Path) -> None:
    for name in ("one", "two"):
        TokenBook(tmp_path, name).keep(MODEL, some(*range(100)))
    before = (tmp_path / FILE).stat().st_size
    TokenBook(tmp_path, "one").forget()
    assert numbers_in(TokenBook(tmp_path, "two"), 100) == list(range(100))
    assert (tmp_path / FILE).stat().st_size < before * 0.7


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """A disk on which no file can be written beyond so many bytes."""
    if os.name == "nt":
        pytest.skip("POSIX limits the size of files")
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def free_pages(folder: Path) -> int:
    with closing(sqlite3.connect(folder / FILE)) as book:
        return int(book.execute("PRAGMA freelist_count").fetchone()[0])


@pytest.mark.parametrize("earlier", [False, True], ids=["new", "of an earlier version"])
@pytest.mark.parametrize("change", ["forget", "trim", "keep"])
def test_what_is_removed_or_kept_is_no_error_where_its_space_cannot_be_given_back(
    tmp_path: Path, change: str, earlier: bool
) -> None:
    for name, first in (("one", 0), ("two", 1000)):
        TokenBook(tmp_path, name).keep(MODEL, some(*range(first, first + 1000)))
    if earlier:
        as_earlier_versions_made_it(tmp_path)
    before = (tmp_path / FILE).stat().st_size
    book = TokenBook(tmp_path, "one", most_bytes=before // 3)
    changes = {"forget": book.forget, "trim": book.trim, "keep": lambda: book.keep(MODEL, some(2000))}
    with room_for(int(before * 0.7)):
        changes[change]()
    assert numbers_in(TokenBook(tmp_path, "one"), 2001) == ([2000] if change == "keep" else [])
    assert free_pages(tmp_path) > 0, "the space is free in the file"
    TokenBook(tmp_path, "another").forget()
    assert free_pages(tmp_path) == 0 and (tmp_path / FILE).stat().st_size < before * 0.7, "and the next time gives it"


def test_keeping_more_never_writes_an_earlier_versions_file_anew(tmp_path: Path) -> None:
    TokenBook(tmp_path, "one").keep(MODEL, some(*range(300)))
    as_earlier_versions_made_it(tmp_path)
    before = (tmp_path / FILE).stat().st_size
    book = TokenBook(tmp_path, "one", most_bytes=before // 4)
    book.keep(MODEL, some(300))
    assert numbers_in(book, 301)[-1] == 300 and free_pages(tmp_path) > 0
    book.trim()
    assert free_pages(tmp_path) == 0 and (tmp_path / FILE).stat().st_size < before / 2
