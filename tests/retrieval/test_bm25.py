"""BM25 held against rank_bm25 itself, with filters inside the search, from disk and from threads."""

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from rag_core.errors import BadInput, CollectionError
from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.retrieval.tokenize import tokenize

TEXTS = [
    "Refunds for digital goods take five days",
    "Shipping of goods",
    "Error KB-ERR-2847-fatal means that the certificate is broken",
    "Error KB-ERR-1000 means that the disk is full",
    "Upgrade to v2.13.0",
    "",
    "Office hours",
]

words = st.lists(st.sampled_from("abcdefgh"), max_size=12)
corpora = st.lists(words, min_size=1, max_size=12).filter(any)


@pytest.fixture(scope="module")
def index() -> LexicalIndex:
    return LexicalIndex.build(TEXTS)


def test_one_score_by_hand() -> None:
    index = LexicalIndex.of_tokens([["a", "a", "b"], ["c"], ["c", "d"], ["e", "f"]])
    idf = math.log(4 - 1 + 0.5) - math.log(1 + 0.5)
    length, average = 3, (3 + 1 + 2 + 2) / 4
    expected = idf * (2 * (1.5 + 1) / (2 + 1.5 * (1 - 0.75 + 0.75 * length / average)))
    assert index.scores(["a"]).tolist() == [pytest.approx(expected, rel=1e-14), 0, 0, 0]


@given(corpora, words)
def test_scores_equal_rank_bm25_to_the_bit(corpus: list[list[str]], query: list[str]) -> None:
    """Repeated query terms, unknown ones, empty texts and terms in most texts (the epsilon floor) included."""
    ours = LexicalIndex.of_tokens(corpus).scores([*query, "unknown"])
    np.testing.assert_array_equal(ours, BM25Okapi(corpus).get_scores([*query, "unknown"]))


def test_search_ranks_as_rank_bm25_does(index: LexicalIndex) -> None:
    query = "error goods refund goods"
    theirs = BM25Okapi([tokenize(text) for text in TEXTS]).get_scores(tokenize(query))
    rows, scores, terms = index.search(query, 10)
    assert rows.tolist() == [row for row in np.argsort(-theirs, kind="stable") if theirs[row] > 0]
    assert scores.tolist() == theirs[rows].tolist()
    assert terms == ("error", "good", "refund")


def test_a_code_is_found_whole_and_by_its_parts(index: LexicalIndex) -> None:
    assert index.search("what is kb-err-2847-fatal?", 1)[0].tolist() == [2]
    assert index.search("2847", 5)[0].tolist() == [2]
    assert index.search("2.13.0", 5)[0].tolist() == [4]


def test_terms_are_those_of_the_query_that_occur_once_each(index: LexicalIndex) -> None:
    assert index.search("unheard goods, goods and refunds", 5)[2] == ("good", "refund")


def test_only_scores_over_zero_are_found(index: LexicalIndex) -> None:
    assert index.search("the unheard-of", 5)[0].size == 0
    assert index.search("", 5)[0].size == 0
    everywhere = LexicalIndex.of_tokens([["a"], ["a"]])  # idf under 0, and so is its floor
    assert everywhere.scores(["a"]).max() < 0
    assert everywhere.search("a", 5)[0].size == 0


def test_ties_come_in_row_order_at_the_cut_too() -> None:
    index = LexicalIndex.build(["same words", "other", "same words", "more", "same words", "else", "again"])
    assert index.search("same", 2)[0].tolist() == [0, 2]


def test_the_filter_is_inside_the_search(index: LexicalIndex) -> None:
    allowed = np.array([False, True, False, True, True, True, True])
    assert index.search("goods error", 1)[0].tolist() == [1]
    assert index.search("refunds kb-err-2847-fatal error", 1, allowed)[0].tolist() == [3]
    assert index.search("refunds", 5, allowed)[0].size == 0
    with pytest.raises(BadInput, match="filter has shape"):
        index.search("goods", 1, allowed[:3])


@pytest.mark.parametrize("texts", [[], [""], ["", "the of"]])
def test_texts_without_a_word_are_an_index_that_finds_nothing(texts: list[str], tmp_path: Path) -> None:
    LexicalIndex.build(texts).save(tmp_path)
    index = LexicalIndex.load(tmp_path)
    assert (index.rows, index.terms) == (len(texts), 0)
    assert index.search("anything", 5)[0].size == 0


def test_saved_and_loaded_it_finds_the_same(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path)
    again = LexicalIndex.load(tmp_path)
    assert (again.rows, again.terms) == (index.rows, index.terms)
    for query in (*TEXTS, "東京 kb err"):
        mine, its = index.search(query, 5), again.search(query, 5)
        assert mine[0].tolist() == its[0].tolist()
        assert mine[1].tolist() == its[1].tolist()
        assert mine[2] == its[2]


def cut(folder: Path) -> None:
    file = folder / "rows.npy"
    file.write_bytes(file.read_bytes()[:100])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no counts": lambda folder: (folder / "counts.npy").unlink(),
    "rows cut off": cut,
    "terms cut off": lambda folder: (folder / "terms.json").write_text('["a", "b'),
    "terms missing": lambda folder: (folder / "terms.json").write_text('["a"]'),
    "meta of something else": lambda folder: (folder / "lexical.json").write_text("[]"),
    "another tokenizer": lambda folder: (folder / "lexical.json").write_text('{"tokenizer": 0, "rows": 7}'),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_index_is_said_to_be(damage: Callable[[Path], object], index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path)
    damage(tmp_path)
    with pytest.raises(CollectionError, match="Index the collection again"):
        LexicalIndex.load(tmp_path)


def test_an_index_of_an_earlier_tokenizer_is_built_anew_where_its_texts_are_there(
    index: LexicalIndex, tmp_path: Path
) -> None:
    index.save(tmp_path)
    (tmp_path / "lexical.json").write_text(f'{{"tokenizer": 0, "rows": {index.rows}}}')
    (tmp_path / "terms.json").write_text(json.dumps([f"old-{number}" for number in range(index.terms)]))
    again = LexicalIndex.load(tmp_path, TEXTS)
    assert [again.search(text, 5)[0].tolist() for text in TEXTS] == [
        index.search(text, 5)[0].tolist() for text in TEXTS
    ]


def test_threads_find_what_one_finds(index: LexicalIndex) -> None:
    queries = [f"{one} {other}" for one in TEXTS for other in TEXTS] * 10
    alone = [index.search(query, 5)[0].tolist() for query in queries]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda query: index.search(query, 5)[0].tolist(), queries)) == alone
