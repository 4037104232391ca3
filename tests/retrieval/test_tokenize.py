"""The tokenizer against the table in its docstring, and its spans."""

import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.retrieval import tokenize as module
from rag_core.retrieval.tokenize import term_spans, tokenize

TABLE = [re.split(r"\s{2,}", line.strip()) for line in (module.__doc__ or "").splitlines() if line.startswith("    ")]


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_the_table_of_the_docstring(text: str, expected: str) -> None:
    assert tokenize(text) == expected.split()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("kb-err-2847-fatal", "Error KB-ERR-2847-fatal."),
        ("2847", "Error KB-ERR-2847-fatal."),
        ("kb‑err‑2847‑fatal", "Error KB-ERR-2847-fatal."),  # no-break hyphens, as pasted from a PDF
        ("ＫＢ-ＥＲＲ-2847", "see (KB-ERR-2847)"),
        ("2.13.0", "since v2.13.0,"),
        ("2.13", "since v2.13.0"),
        ("v2.13", "since v2.13.0"),
        ("nginx.conf", "C:\\etc\\nginx.conf"),
        ("docs.north-wind.io", "https://docs.north-wind.io/errors#tls"),
        ("vector", "std::vector"),
        ("resets", "the password was reset"),
        ("users'", "every user’s"),
        ("京都", "東京都の払い戻し"),
        ("404", "codes 404,500"),
        ("1000 GB", "1,000 GB"),
        ("café", unicodedata.normalize("NFD", "Café")),
        ("STRASSE", "straße"),
        ("cafe creme", "Café crème"),
        ("Ωμεγα", "Ωμέγα"),
        ("елка", "ёлка"),
        ("عربي", "عَرَبِيّ"),
        ("שלום", "שָׁלוֹם"),
        ("Donaudampfschiff", "Donau\u00addampf\u00adschiff"),
        ("کتابها", "کتاب\u200cها"),
        ("खोज", "हिन्दी में खोज"),
        ("คืนเงิน", "ขอเงินคืน"),
        ("10 GB", "10GB"),
        ("10gb", "10 GB and 10GB"),
        ("1000 GB", "1,000GB"),
        ("1,000 GB", "a 1000gb disk"),
        ("1000gb", "1,000GB"),
        ("2.5 kg", "a 2.5kg box"),
        ("5 µm", "a 5μm sieve"),
    ],
)
def test_a_query_meets_a_text(query: str, text: str) -> None:
    assert set(tokenize(query)) & set(tokenize(text))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("हिन्दी", "में खोज"),
        ("йога", "иога"),
        ("KB-ERR-2847", "2847a"),
        ("कि", "का"),
    ],
)
def test_words_that_differ_do_not_meet(query: str, text: str) -> None:
    assert not set(tokenize(query)) & set(tokenize(text))


@pytest.mark.parametrize("text", ["हिन्दी में खोज", "ขอเงินคืน", "Donau\u00addampf\u00adschiff", "မြန်မာ", "cafe\u0301"])
def test_no_letter_is_cut_from_its_marks(text: str) -> None:
    for start, end in term_spans(text, set(tokenize(text))):
        assert not unicodedata.combining(text[start])
        assert end == len(text) or not unicodedata.category(text[end]).startswith("M")
    assert all(not unicodedata.category(token[0]).startswith("M") for token in tokenize(text))


def test_versions_do_not_meet_by_their_small_numbers() -> None:
    assert not set(tokenize("2.13.0")) & set(tokenize("3.14.0 and 13 seats"))


def test_stop_words_are_left_out_but_names_in_capitals_and_negations_are_not() -> None:
    assert tokenize("What is it, and how do I") == []
    assert tokenize("WHO and IT") == ["who", "it"]
    assert tokenize("not without no") == ["not", "without", "no"]


def test_encoded_data_does_not_become_one_long_token() -> None:
    blob = "x1" * 400 + "/" + "y" * 10
    assert max(map(len, tokenize(blob))) == module.LONGEST


def test_spans_mark_matches_in_the_text_as_it_is_shown() -> None:
    text = "Refunding: see KB-ERR-2847-fatal, the User's refunds."
    spans = term_spans(text, tokenize("refund 2847 user"))
    assert [text[start:end] for start, end in spans] == ["Refunding", "2847", "User's", "refunds"]


def test_a_whole_code_is_one_span_though_its_parts_match_too() -> None:
    text = "Error KB-ERR-2847-fatal."
    assert [text[a:b] for a, b in term_spans(text, tokenize("kb-err-2847-fatal"))] == ["KB-ERR-2847-fatal"]


def test_overlapping_bigrams_are_one_span() -> None:
    assert term_spans("東京都庁", ["東京", "京都"]) == [(0, 3)]


@given(st.text())
def test_any_text_gives_clean_tokens(text: str) -> None:
    found = tokenize(text)
    assert all(token and not re.search(r"\s", token) for token in found)
    if not re.search("[\u00b2\u00b3\u00b9\u2070-\u2079\u00bc-\u00be\u2150-\u215e\u2116]", text):
        assert found == tokenize(unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("10\u2076", ["10", "6"]), ("2\u00bd kg", ["2", "1", "2", "kg"]), ("m\u00b2", ["m2"]), ("\u21165", ["no", "5"])],
)
def test_a_raised_figure_or_a_fraction_is_no_part_of_the_number_before_it(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


@given(st.text(st.sampled_from("aB1 -_./@:+',’#東京é\u0301\u00adहि\u094dขอิ\u200dё\n"), max_size=60))
def test_spans_of_all_tokens_lie_in_order_within_the_text(text: str) -> None:
    spans = term_spans(text, set(tokenize(text)))
    flat = [position for span in spans for position in span]
    assert flat == sorted(flat)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert bool(spans) == bool(tokenize(text))


def test_threads_may_share_the_stemmer() -> None:
    words = [f"{stem}{ending}" for stem in ("connect", "relat", "hop") for ending in ("ed", "ing", "s", "ion", "ional")]
    expected = [tokenize(word) for word in words]
    module._tokens_of.cache_clear()
    module._stem.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(tokenize, words * 200)) == expected * 200
