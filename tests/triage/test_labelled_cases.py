"""Triage cases become labelled queries."""

from __future__ import annotations

import pytest

from rag_core.errors import BadInput
from rag_core.triage.labelled_cases import set_of_cases
from tests.triage.samples import a_case


def test_a_query_per_question_with_what_was_expected() -> None:
    found = set_of_cases([a_case("how long?"), a_case("how long?", expected="c"), a_case("how much?")])

    assert [query.text for query in found.queries] == ["how long?", "how much?"]
    assert list(found.qrels.values()) == [{"doc-b": 1, "doc-c": 1}, {"doc-b": 1}]
    assert found.queries[0].kind == "cut-by-top-k"
    assert found.level == "document"


def test_no_case_makes_no_set() -> None:
    with pytest.raises(BadInput, match="There is no triage case yet"):
        set_of_cases([])
