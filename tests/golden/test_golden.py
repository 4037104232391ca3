"""What earlier versions of Second Pass have stored can still be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_core.errors import BadTrace
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from rag_core.triage import export_cases, read_cases

GOLDEN = Path(__file__).parent


def test_a_trace_of_version_1_opens_as_what_it_was():
    text = (GOLDEN / "trace" / "v1.json").read_text(encoding="utf-8")
    old, trace = json.loads(text), Trace.read(text)
    assert trace.version == 2 and trace.query == old["query"]
    assert [hit.passage_id for hit in trace[StepName.FUSED].hits] == [
        hit["chunk_id"] for stage in old["stages"] if stage["name"] == "fused" for hit in stage["hits"]
    ]
    assert {key: passage.text for key, passage in trace.passages.items()} == {
        key: chunk["text"] for key, chunk in old["chunks"].items()
    }
    assert Trace.read(trace.to_json()) == trace


def test_a_case_file_of_version_1_is_imported_whole():
    found = read_cases((GOLDEN / "case" / "v1.jsonl").read_text(encoding="utf-8"))
    assert found.problems == ()
    assert len(found.cases) == 8
    assert {one.trace.version for one in found.cases} == {2}
    assert read_cases(export_cases(list(found.cases))).cases == found.cases


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 99}, "written by a newer version of Second Pass"),
        ({"policy": None}, "policy"),
        ({"stages": "none"}, "of version 1"),
    ],
)
def test_a_trace_that_cannot_be_read_says_why_in_words(change, said):
    raw = json.loads((GOLDEN / "trace" / "v1.json").read_text(encoding="utf-8")) | change
    with pytest.raises(BadTrace, match=said) as error:
        Trace.read(json.dumps(raw))
    assert "Field required" not in str(error.value)
