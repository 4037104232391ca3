"""What is malformed is said with its place and loses nothing else, in every format."""

from __future__ import annotations

import json
import re

import pytest

from rag_core.errors import BadInput
from rag_core.runs.importers.registry import open_source
from rag_core.runs.importers.source import Source
from rag_core.runs.importers.uploads import Corrections, look_at, open_uploads
from tests.runs.importers.malformed import CORPUS_LINES, CSV, CSV_ROWS, JSON_LINES, MALFORMED, TREC_LINES

CASES = [(name, number) for name, (_, bad) in MALFORMED.items() for number in range(len(bad))]


def lists(opened):
    return [(run.query, step.name, step.hits) for run in opened.runs for step in run.steps]


def test_there_are_thirty_of_each():
    assert min(len(bad) for _, bad in MALFORMED.values()) >= 30 <= len(CSV_ROWS)
    assert len(TREC_LINES) >= 30


@pytest.mark.parametrize(("format", "number"), CASES, ids=[f"{name}-{number}" for name, number in CASES])
@pytest.mark.parametrize("form", ["lines", "list"])
def test_a_malformed_part_is_said_with_its_place_and_loses_nothing_else(format, number, form):  # noqa: A002
    good, bad = MALFORMED[format][0], MALFORMED[format][1][number]
    alone = open_source(Source("f.jsonl", json.dumps([good]).encode()), format=format)
    rows = [json.dumps(one) for one in (good, bad)]
    text = "\n".join(rows) if form == "lines" else f"[{','.join(rows)}]"
    opened = open_source(Source("f.jsonl", text.encode()), format=format)
    assert [one for one in lists(opened) if one in lists(alone)] == lists(alone)
    place = "Line 2" if form == "lines" else "Entry 2"
    assert opened.problems and all(one.startswith((place, "Trace", "Run")) for one in opened.problems), opened.problems
    assert any(one.startswith(place) for one in opened.problems), opened.problems


@pytest.mark.parametrize("format", MALFORMED)
def test_a_line_that_is_cut_off_loses_itself_only(format):  # noqa: A002
    good = json.dumps(MALFORMED[format][0])
    text = f"{good[:-9]}\n{good}\n{{cut off\n"
    opened = open_source(Source("f.jsonl", text.encode()), format=format)
    assert len(opened.runs) == 1
    assert opened.problems == ("Line 1: it is not complete JSON.", "Line 3: it is not complete JSON.")


@pytest.mark.parametrize("format", MALFORMED)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_that_is_damaged_or_cut_off_keeps_its_other_entries(format, indent):  # noqa: A002
    good = MALFORMED[format][0]
    whole = json.dumps([good] * 4, indent=indent)
    alone = open_source(Source("f.json", json.dumps([good] * 3).encode()), format=format)
    entry = len(whole) // 4
    middle = entry + entry // 2
    for text, number in ((whole[: -entry // 2], 4), (f'{whole[:middle]}"{whole[middle:]}', 2)):
        opened = open_source(Source("f.json", text.encode()), format=format)
        assert lists(opened) == lists(alone), opened.problems
        (problem,) = opened.problems
        assert problem.startswith(f"Entry {number}: it is not complete JSON (line ")


def test_a_file_that_is_no_json_at_all_is_one_problem():
    broken = json.dumps(MALFORMED["otlp"][0], indent=2)[:-20]
    with pytest.raises(BadInput, match=r"f.json. The file: it is not complete JSON \(line \d+, column \d+\)\.$"):
        open_source(Source("f.json", broken.encode()))


@pytest.mark.parametrize("bad", CSV_ROWS)
def test_a_malformed_row_of_a_table_of_text_loses_itself_only(bad):
    opened = open_source(Source("t.csv", CSV.format(bad=bad).encode()))
    wanted = open_source(Source("t.csv", CSV.format(bad="").encode()))
    assert [one for one in lists(opened) if one in lists(wanted)] == lists(wanted) and len(lists(wanted)) == 2
    assert opened.problems and all(one.startswith("Line 3") for one in opened.problems), opened.problems


def test_columns_of_one_name_are_said():
    opened = open_source(Source("t.csv", b"query,id,id\nQ?,a,b\n"))
    assert opened.problems == ("Header: 2 columns are called id; the last one counts.",)


QUERIES = '{"_id": "q1", "text": "One?"}\n{bad}\n{"_id": "q2", "text": "Two?"}\n'
CORPUS = '{"_id": "a", "text": "Thirty."}\n{bad}\n{"_id": "b", "text": "Ship."}\n'
RUN = "q1 Q0 a 1 2.5 t\n{bad}\nq2 Q0 b 1 1.5 t\n"


def trec(**bad: str):
    files = {"dense.run": RUN, "queries.jsonl": QUERIES, "corpus.jsonl": CORPUS}
    texts = {name: text.replace("{bad}", bad.get(name.partition(".")[0], "")) for name, text in files.items()}
    sources = [Source(name, text.encode()) for name, text in texts.items()]
    return open_uploads(sources, look_at(sources).format, Corrections(project="p"))


@pytest.mark.parametrize(
    ("file", "bad"),
    [("dense", one) for one in TREC_LINES]
    + [("queries", one) for one in JSON_LINES]
    + [("corpus", one) for one in CORPUS_LINES],
)
def test_a_malformed_line_of_trec_runs_loses_itself_only(file, bad):
    opened = trec(**{file: bad})
    texts = [(run.query, run.passages[0].id, run.passages[0].text, run.steps[0].best) for run in opened.runs]
    assert texts == [("One?", "a", "Thirty.", 2.5), ("Two?", "b", "Ship.", 1.5)]
    assert opened.problems and all(re.search(r"\bline 2\b", one, re.I) for one in opened.problems), opened.problems
