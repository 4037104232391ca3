"""Numbers and names are written alike everywhere."""

from __future__ import annotations

from rag_core.schema.documents import Passage
from rag_core.wording.numbers import titles_of


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
