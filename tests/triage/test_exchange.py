"""A case file is enough to look at a case elsewhere; what is no case is named by its line."""

from __future__ import annotations

import io
import json

import pytest

from rag_core.errors import BadInput
from rag_core.triage import exchange, export_cases, export_lines, import_cases, read_cases
from rag_core.wording.verdicts import sentence
from tests.triage.samples import a_case


def test_cases_go_to_a_file_and_back():
    cases = (a_case("one\u2028line?", note="a\nb", tags=("x",)), a_case("two"))
    text = export_cases(cases)
    assert text.count("\n") == 2
    assert read_cases(text).cases == cases
    assert read_cases(b"\xef\xbb\xbf" + text.encode()).cases == cases


def test_a_file_alone_shows_the_case():
    (case,) = read_cases(export_cases([a_case()])).cases
    assert sentence(case.findings[0].diagnosis).startswith("“Title b” was 2nd")
    assert case.trace.passages["b"].text == "text of b"


def test_a_line_says_in_words_what_its_case_holds_as_data():
    case = a_case()
    line = json.loads(export_cases([case]))
    assert line["verdicts"] == [sentence(case.findings[0].diagnosis)]
    assert line["case"]["findings"][0]["diagnosis"]["facts"]["kind"] == "cut-by-top-k"


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
    found = read_cases(b"\xff\xfe\x00")
    assert found.cases == () and found.problems == ("Line 1: this is not complete JSON in UTF-8.",)


def test_a_file_is_limited_before_anything_of_it_is_read(book, monkeypatch):
    data = export_cases([a_case()]).encode()
    monkeypatch.setattr(exchange, "MAX_BYTES", len(data) - 1)
    with pytest.raises(BadInput, match=r"larger than 0 MB\. Split it"):
        import_cases(book, io.BytesIO(data))
    assert book.find().found == ()


def test_a_line_that_is_too_long_is_named_and_the_next_one_is_kept(book, monkeypatch):
    case = a_case()
    line = export_cases([case]).encode()
    monkeypatch.setattr(exchange, "MAX_CASE_BYTES", len(line))
    data = b'{"format": "' + b"x" * 5 * len(line) + b'"}\n\n' + line + b"x" * (len(line) + 1)
    done = import_cases(book, io.BytesIO(data))
    assert (done.added, done.known, done.bad) == (1, 0, 2)
    assert [problem.split(" is longer")[0] for problem in done.problems] == ["Line 1: it", "Line 4: it"]
    assert book.get(case.id) == case


class Lines(io.BytesIO):
    """A file that cannot be read but line by line."""

    def read(self, *_size):
        raise AssertionError("read as a whole")

    getvalue = getbuffer = read


def test_of_a_file_one_line_at_a_time_is_read_and_of_its_bad_lines_the_first_are_named(book):
    known, fresh = book.save(a_case()), a_case("new")
    done = import_cases(book, Lines(b"no case\n" * 50 + export_cases([known, fresh]).encode()))
    assert (done.added, done.known, done.bad, len(done.problems)) == (1, 1, 50, 20)
    assert done.problems[-1].startswith("Line 20: ")


def test_cases_are_written_one_by_one():
    first = a_case()

    def cases():
        yield first
        raise AssertionError("asked for before the first was written")

    assert next(export_lines(cases())) == export_cases([first])


def test_import_adds_what_is_new_and_leaves_what_is_there(book):
    known = book.save(a_case())
    revised = book.revise(known, note="mended here")
    fresh = a_case("new")
    added = [book.add(case) for case in read_cases(export_cases([known, fresh])).cases]
    assert added == [False, True]
    assert book.get(known.id) == revised and book.get(fresh.id) == fresh
