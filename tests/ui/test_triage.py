"""The tables of the triage page say what the diagnosis says."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from rag_core.diagnosis import RULES, diagnose
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Policy
from rag_core.wording.rivals import why
from tests.builders import measurement
from tests.diagnosis.test_counterfactuals import expecting
from ui.panels.case_save import split_tags
from ui.panels.case_view import kept_list
from ui.panels.triage import rivals, way
from ui.panels.what_if import decision_table

MEASURED = measurement("abc", "c", {"a": 1.0, "b": 2.0, "c": 3.0})
TRACE = replay(MEASURED, Policy(reranker="ce", top_k=1))
FOUND = diagnose(TRACE, expecting(MEASURED, "a"))


def test_rivals_are_those_of_the_diagnosis():
    table = rivals(FOUND)
    assert list(table["Rank"]) == [rival.step.rank for rival in FOUND.rivals]
    assert list(table["Why"]) == [why(rival) for rival in FOUND.rivals]


def test_the_way_is_that_of_the_trace():
    table = way(FOUND)
    assert list(table["Rank"])[:4] == ["1 of 3", "not ranked", "2 of 3", "3 of 3"]
    assert list(table["Score"])[:2] == ["cosine 0.99", ""]


def test_the_decision_table_marks_the_rules_that_apply():
    table = decision_table(["not-top-50"])
    assert len(table) == len(RULES)
    assert list(table[table["Here"] == "yes"]["Fix"]) == ["Embeddings, hybrid search, or chunking"]


def test_kept_passages_are_escaped_and_the_expected_ones_marked():
    odd = MEASURED.passages["c"].model_validate(MEASURED.passages["c"].model_dump() | {"title": "<script>"})
    trace = TRACE.model_copy(update={"passages": TRACE.passages | {"c": odd}})
    assert kept_list(trace, {"c"}) == (
        '<ol class="sp-list"><li><b>&lt;script&gt; (expected)</b> <small>probability 0.95</small></li></ol>'
    )


def test_tags_are_split_once_each():
    assert split_tags('sso, okta,, sso, "quoted" ') == ["sso", "okta", "quoted"]


def test_an_empty_list_tells_no_cases_from_none_that_match(sample: None) -> None:
    page = Path(__file__).parents[2] / "pages" / "6_triage.py"
    at = AppTest.from_file(str(page), default_timeout=300)
    at.query_params["view"] = "Cases"
    at.run()
    assert not at.exception
    assert any(one.value.startswith("No cases yet.") for one in at.caption)
    at.selectbox(key="case_status").select_index(0).run()
    assert any(one.value == "No case matches." for one in at.caption)
