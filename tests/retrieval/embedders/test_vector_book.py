"""Vectors that were paid for, on disk: found again by model and text, by any thread, up to a size."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import SecondPassError
from rag_core.retrieval.embedders.vector_book import FILE, VectorBook


def _hash(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def _vector(number: int, length: int = 8) -> np.ndarray:
    return np.full(length, number, np.float32)


def test_a_vector_is_found_by_its_model_and_text_alone(tmp_path: Path) -> None:
    VectorBook(tmp_path).add("one", {_hash(1): _vector(1)})
    book = VectorBook(tmp_path)
    np.testing.assert_array_equal(book.read("one", [_hash(1), _hash(2)])[_hash(1)], _vector(1))
    assert book.read("another", [_hash(1)]) == {}


def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert VectorBook(tmp_path).read("one", [_hash(1)]) == {}
    assert list(tmp_path.iterdir()) == []


def test_many_threads_add_at_once(tmp_path: Path) -> None:
    book = VectorBook(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda at: book.add("one", {_hash(at): _vector(at)}), range(64)))
    assert len(book.read("one", [_hash(at) for at in range(64)])) == 64


def test_more_than_a_statement_takes_is_read(tmp_path: Path) -> None:
    book = VectorBook(tmp_path)
    book.add("one", {_hash(at): _vector(at) for at in range(1500)})
    assert len(book.read("one", [_hash(at) for at in range(1500)])) == 1500


def test_over_its_limit_the_oldest_go(tmp_path: Path) -> None:
    book = VectorBook(tmp_path, most_bytes=200_000)
    for start in range(0, 1000, 10):
        book.add("one", {_hash(at): _vector(at, 256) for at in range(start, start + 10)})
    left = book.read("one", [_hash(at) for at in range(1000)])
    assert _hash(999) in left
    assert _hash(0) not in left
    assert 50 < len(left) < 200


def test_a_file_that_is_no_book_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(SecondPassError, match="remove that file"):
        VectorBook(tmp_path).read("one", [_hash(1)])
