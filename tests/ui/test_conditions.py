"""Conditions on metadata are added in the sidebar, kept in the link, said of the run, and asked again with a case."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.schema.filters import AnyOf, Dated, Equal, Filter, In, Not, make_filter
from rag_core.schema.policy import ExtraSearch, Policy
from rag_core.schema.written_filters import read_filter
from tests.ui.conftest import ROOT
from tests.ui.pages import done, page, said, taken_up
from ui import caches
from ui.sidebar import filtering

QUESTION = "How long does a refund take?"
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture(autouse=True)
def plans(sample: None) -> None:
    """Documents of two plans beside those of the sample."""
    folder = Path(os.environ["SECOND_PASS_SAMPLE_DIR"], "documents")
    for plan, reviewed in (("Pro", "2026-03-14"), ("Basic", "2025-03-14")):
        head = f"---\nplan: {plan}\nreviewed: {reviewed}\n---\n"
        text = f"{head}# Refunds on {plan}\n\nA refund takes a week on {plan}."
        folder.joinpath(f"{plan}.md").write_text(text, encoding="utf-8")


def linked(name: str = "1_inspect.py", **query: str | list[str]) -> AppTest:
    """The page, opened with a link."""
    at = AppTest.from_file(str(ROOT / "pages" / name), default_timeout=120)
    for key, value in {"q": QUESTION, **query}.items():
        at.query_params[key] = value
    done(at.run())
    return done(at.run())  # on the first start the fields appear once the sample is indexed


def found(at: AppTest) -> set[str]:
    """The documents of the candidates."""
    assert not at.error, said(at)
    ids = [one for table in at.dataframe if "passage_id" in table.value.columns for one in table.value["passage_id"]]
    return {one.partition("::")[0] for one in ids}


def in_link(at: AppTest, name: str) -> list[str]:
    """The values of a name in the address."""
    values = at.query_params[name]
    return [values] if isinstance(values, str) else list(values)


def add(at: AppTest, field: str, sign: str, value: str, prefix: str = "") -> AppTest:
    """A condition, as it is added in the sidebar."""
    done(at.selectbox(key=f"{prefix}new_field").set_value(field).run())
    done(at.selectbox(key=f"{prefix}new_sign").set_value(sign).run())
    done(at.selectbox(key=f"{prefix}new_value_{field}").set_value(value).run())
    return done(at.button(key=f"{prefix}add_condition").click().run())


def test_a_condition_is_added_said_and_taken_away_again() -> None:
    at = linked()
    everything = found(at)
    assert {"Pro.md", "refunds.md"} <= everything
    assert at.selectbox(key="new_field").options == ["document_id", "plan", "reviewed"]
    at = add(at, "plan", "=", "Pro")
    assert found(at) == {"Pro.md"} and at.multiselect(key="where").value == ["plan=Pro"]
    assert in_link(at, "where") == ["plan=Pro"]
    assert said(at).count("Only passages with plan Pro.") == 1
    assert at.selectbox(key="new_field").value is None
    at = add(at, "plan", "=", "Basic")
    assert found(at) == {"Pro.md", "Basic.md"}
    done(at.multiselect(key="where").set_value([]).run())
    assert found(at) == everything and "where" not in at.query_params


def test_a_day_is_chosen_where_days_are_compared() -> None:
    at = linked()
    done(at.selectbox(key="new_field").set_value("reviewed").run())
    done(at.selectbox(key="new_sign").set_value("<").run())
    assert at.button(key="add_condition").disabled
    done(at.date_input(key="new_value_day").set_value("2026-01-01").run())
    assert found(done(at.button(key="add_condition").click().run())) == {"Basic.md"}
    assert at.multiselect(key="where").value == ["reviewed<2026-01-01"]


@pytest.mark.parametrize("name", ["1_inspect.py", "2_scores.py", "3_latency.py", "4_compare.py", "6_triage.py"])
def test_a_link_filters_every_page(name: str) -> None:
    at = linked(name, where=["plan=Pro", "reviewed>=2026-01-01"])
    assert not at.error, said(at)
    assert at.multiselect(key="where").value == ["plan=Pro", "reviewed>=2026-01-01"]
    assert "Searches only passages with plan Pro, reviewed since 2026-01-01." in said(at)


def test_a_condition_that_cannot_be_read_searches_nothing() -> None:
    at = linked(where=["plan=Pro", "plan"])
    for _ in range(2):
        assert "“plan” is no condition of a filter. It names no field and value" in said(at)
        assert "Nothing was searched." in said(at) and not at.dataframe
        done(at.run())
    done(at.button(key="drop_condition").click().run())
    assert found(at) == {"Pro.md"} and at.multiselect(key="where").value == ["plan=Pro"]


def test_a_field_that_no_document_has_is_said_beside_the_filter() -> None:
    at = linked(where="plam=Pro")
    (told,) = [one.value.replace("\\", "") for one in at.sidebar.warning]
    assert "has a field “plam”. Did you mean plan?" in told and found(at) == set()


def test_a_field_of_an_extra_search_that_no_document_has_is_said_beside_it() -> None:
    at = linked(xn="1", x1_where="plam=Pro")
    (told,) = [one.value.replace("\\", "") for one in at.sidebar.warning]
    assert "has a field “plam”. Did you mean plan?" in told


def test_an_extra_search_has_conditions_of_its_own() -> None:
    at = add(linked(xn="1"), "plan", "=", "Pro", prefix="x1_")
    assert in_link(at, "x1_where") == ["plan=Pro"] and len(found(at)) == 5
    assert "plan Pro" in str([table.value for table in at.dataframe])


def test_reset_takes_conditions_away() -> None:
    at = linked(where="plan=Pro", xn="1", x1_where="plan=Basic")
    done(at.button(key="reset").click().run())
    assert len(found(at)) == 5 and not [one for one in at.multiselect if str(one.key).endswith("where")]


def test_a_case_keeps_its_conditions_and_is_asked_again_under_them() -> None:
    at = linked("6_triage.py", where="plan=Pro", doc="Refunds on Basic · Basic.md")
    assert "does not match the filter of this question (plan)" in said(at) + str([one.proto for one in at.main])
    done(at.button(key="save_case_button").click().run())
    (case,) = caches.case_book().find().found
    where = caches.case_book().get(case.id).trace.where
    assert where == Filter(conditions=(Equal(field="plan", value="Pro"),))
    at = page("6_triage.py", view="Cases", case=case.id)
    done(at.button(key="rerun").click().run())
    (rerun,) = caches.case_book().reruns_of(case.id).found
    assert rerun.trace is not None and rerun.trace.where == where and rerun.outcome == "still lost"


DAY = date(2026, 1, 1)
EVERY = (
    make_filter(["acme", "all"], ["chat"], DAY),
    Filter(conditions=(Equal(field="tenant", value="acme"), Dated(field="reviewed", after=DAY))),
    Filter(conditions=(Dated(), Dated(after=DAY, before=DAY), Dated(after=DAY), Dated(field="updated", after=DAY))),
    Filter(conditions=(In(field="tenant", values=("a",)), In(field="tenant", values=("a", "b")))),
    Filter(conditions=(Not(condition=AnyOf(conditions=(Equal(field="plan", value=1),))), Dated(before=DAY))),
    Filter(conditions=(In(field="tenant", values=()), In(field="source", values=("", "chat")))),
    Filter(conditions=(In(field="tenant", values=("a", 1)), In(field="since", values=("2020", "2021")))),
)


@pytest.mark.parametrize("where", EVERY, ids=str)
def test_no_condition_of_a_filter_is_lost_in_the_controls(where: Filter, monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, object] = {}
    monkeypatch.setattr("ui.sidebar.filtering.st.session_state", state)
    filtering.put(where, "x1_")
    since, tenants, sources = state["x1_since"], state["x1_tenant"], state["x1_source"]
    drawn = make_filter(tenants, sources, since)  # type: ignore[arg-type]
    rest = read_filter(state["x1_where"])  # type: ignore[arg-type]
    kept = [one for each in (drawn, rest) if each for one in each.conditions]
    assert sorted(map(str, kept)) == sorted(map(str, where.conditions))


def test_a_policy_that_is_taken_up_brings_the_conditions_of_its_extra_searches() -> None:
    where = Filter(conditions=(Not(condition=Equal(field="plan", value="Pro")),))
    at = taken_up(Policy(extra_searches=(ExtraSearch(name="rest", where=where),)), "1_inspect.py")
    assert at.multiselect(key="x1_where").value == ["plan!=Pro"]
