"""A case file is enough to look at a case elsewhere; what is no case is named by its line."""

from __future__ import annotations

import json

import pytest

from rag_core.errors import BadInput
from rag_core.triage import export_cases, read_cases
from tests.triage.samples import a_case


def test_cases_go_to_a_file_and_back():
    cases = (a_case("one\u2028line?", note="a\nb", tags=("x",)), a_case("two"))
    text = export_cases(cases)
    assert text.count("\n") == 2
    assert read_cases(text).cases == cases
    assert read_cases(b"\xef\xbb\xbf" + text.encode()).cases == cases


def test_a_file_alone_shows_the_case():
    (case,) = read_cases(export_cases([a_case()])).cases
    assert case.findings[0].diagnosis.sentence.startswith("“Title b” was 2nd")
    assert case.trace.passages["b"].text == "text of b"


def test_lines_that_are_no_case_are_named_and_the_others_kept():
    good = export_cases([a_case()])
    broken = json.loads(good)
    broken["case"]["trace"]["steps"] = []
    nested = "[" * 100_000
    lines = ["{", good.strip(), "[1]", json.dumps(broken), '{"format": "other"}', "", nested]
    found = read_cases("\n".join(lines))
    assert len(found.cases) == 1
    assert [problem.split(":")[0] for problem in found.problems] == ["Line 1", "Line 3", "Line 4", "Line 5", "Line 7"]
    assert "“trace › steps”" in found.problems[2]


def test_a_case_with_a_strange_id_or_unknown_field_is_refused():
    entry = json.loads(export_cases([a_case()]))
    entry["case"]["id"] = "../../x"
    assert "“id”" in read_cases(json.dumps(entry)).problems[0]
    entry = json.loads(export_cases([a_case()]))
    entry["case"]["html"] = "x"
    assert "html" in read_cases(json.dumps(entry)).problems[0]


def test_bytes_that_are_no_text():
    with pytest.raises(BadInput, match="not UTF-8"):
        read_cases(b"\xff\xfe\x00")


def test_import_adds_what_is_new_and_leaves_what_is_there(book):
    known = book.save(a_case())
    revised = book.revise(known, note="mended here")
    fresh = a_case("new")
    added = [book.add(case) for case in read_cases(export_cases([known, fresh])).cases]
    assert added == [False, True]
    assert book.get(known.id) == revised and book.get(fresh.id) == fresh
