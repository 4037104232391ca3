"""Numbers and names are written alike everywhere."""

from __future__ import annotations

import pytest

from rag_core.schema.documents import Passage
from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.numbers import document_of, score_text, title_of, titles_of


def test_equal_titles_are_told_apart_by_their_document_and_then_by_the_place_in_it():
    ids = (("sso/okta.md", 0), ("sso/entra.md", 0), ("sso/entra.md", 90))
    passages = [
        Passage(id=f"{document}::{start}", document_id=document, title="SSO", start=start, end=start + 1, text="x")
        for document, start in ids
    ]
    assert list(titles_of(passages).values()) == [
        "SSO · sso/okta.md",
        "SSO · sso/entra.md · from character 0",
        "SSO · sso/entra.md · from character 90",
    ]
    assert titles_of(passages[:1]) == {"sso/okta.md::0": "SSO"}


def passage(document, text="Refunds take 30 days.", **more):
    return Passage(id=f"{document}/{text[:3]}", document_id=document, start=0, end=len(text), text=text, **more)


@pytest.mark.parametrize(
    ("one", "title", "document"),
    [
        (passage("doc-7"), "doc-7", ""),
        (passage("doc-7", title="Refunds", source="refunds.md"), "Refunds", "doc-7"),
        (passage("content:b0ba", source="returns.md"), "returns.md", ""),
        (passage("content:b0ba"), "Refunds take 30 days.", ""),
        (passage("content:b0ba", "word " * 50), "word " * 10 + "word …", ""),
    ],
)
def test_an_id_made_from_a_text_names_no_passage(one, title, document):
    assert (title_of(one), document_of(one)) == (title, document)


def test_passages_of_one_source_are_told_apart_by_their_first_words():
    two = [passage("content:1", "Thirty days.", source="a.md"), passage("content:2", "We ship.", source="a.md")]
    assert list(titles_of(two).values()) == ["a.md · Thirty days.", "a.md · We ship."]


def test_a_score_of_no_known_kind_says_that_its_scale_was_not_recorded() -> None:
    assert score_text(4.2, ScoreSpace.UNKNOWN) == "4.20 (scale not recorded)"
