"""A value of a link that a setting cannot have is named, with what is accepted and what the setting is now."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.rerank.shipped import label_of
from ui import links
from ui.navigation import PAGES
from ui.sidebar import link_names

MORE = {"ta_probability": {"r": "No reranker"}, "fpa": {"ra": label_of("second-pass-minilm-v3")}}
"""What else the link holds, so that the control is drawn."""
RETIRED = label_of("second-pass-minilm-v2")
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("sample")


def opened(page: str = "1_inspect.py", **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages" / page), default_timeout=300)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def notes(at: AppTest) -> list[str]:
    assert not at.exception
    return [one.value.replace("\\", "") for one in at.sidebar.warning]


@pytest.mark.parametrize(
    ("key", "asked", "accepted"),
    [
        ("pool", "9999", "from 1 to 200"),
        ("k", "abc", "from 1 to 20"),
        ("t_probability", "7", "from 0 to 1"),
        ("depth", "0", "from 1 to"),
        ("w_freshness", "2", "from 0 to 1"),
        ("k", "-1", "whole number from 1 to 20"),
        ("pool", "3.7", "whole number from 1 to 200"),
        ("t_probability", "nan", "from 0 to 1"),
        ("w_relevance", "much", "from 0 to 1"),
        ("sig", "yes", "one of: true, false"),
        ("gen", "Chat model", "needs a chat model"),
        ("early", "sometimes", "one of: off, "),
    ],
)
def test_a_value_that_does_not_fit_is_named(key: str, asked: str, accepted: str) -> None:
    (told,) = notes(opened(q="refunds", **{key: asked}))
    assert f" to {asked}. " in told and accepted in told and " now." in told


@pytest.mark.parametrize(
    ("page", "key", "asked", "told"),
    [
        ("2_scores.py", "cut_probability", "7", "“Try a threshold (probability)” to 7. It must be a number from"),
        ("3_latency.py", "budget_ms", "5", "“Budget before the answer (ms)” to 5. It must be a whole number from 10"),
        ("3_latency.py", "hosted", "free", "“Hosted, $ per 1,000 searches” to free. It must be a number from 0.01 to"),
        (
            "1_inspect.py",
            "vs",
            "perhaps",
            "“Compare with the answer without reranking” to perhaps. It must be one of: ",
        ),
        ("4_compare.py", "siga", "2", "“A: signals” to 2. It must be one of: true, false. It is off now."),
        ("4_compare.py", "fpa", "2", "“A: first pass” to 2. It must be one of: true, false."),
        ("6_triage.py", "view", "List", "“View” to List. It must be one of: "),
        ("4_compare.py", "ka", "99", "“A: top-k” to 99. It must be a whole number from 1 to 20."),
        ("4_compare.py", "ra", "Best one", "“A: reranker” to Best one. The reranker Best one is not available here."),
        ("4_compare.py", "ra", RETIRED, f"“A: reranker” to {RETIRED}. second-pass-minilm-v2 no longer ships with"),
        ("4_compare.py", "ta_probability", "7", "“A: threshold (probability)” to 7. It must be a number from 0 to 1."),
    ],
)
def test_a_page_names_a_value_that_its_own_control_cannot_have(page: str, key: str, asked: str, told: str) -> None:
    at = opened(page, q="refunds", **MORE.get(key, {}), **{key: asked})
    assert notes(at) == []
    (said,) = [one.value.replace("\\", "") for one in at.main.warning]
    assert told in said and " now." in said


FILTERED = {"xn": "1", "x1_tenant": "halvorsen"}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            {**FILTERED, "x1_depth": "3"},
            "“Results (depth) of extra search 1” to 3. It must be a whole number from 10 to",
        ),
        ({**FILTERED, "x1_weight": "x"}, "“Weight of extra search 1” to x. It must be a number from 0 to 3."),
        ({**FILTERED, "xn": "7"}, "“Number of extra searches” to 7. It must be one of: 0, 1, 2, 3. It is 0 now."),
        ({"since": "yesterday"}, "“Updated since” to yesterday. It must be a day from 1900-01-01 to "),
        ({"tenant": "nobody"}, "The link filters by tenant nobody. This collection does not have it"),
    ],
)
def test_a_value_of_a_filter_or_an_extra_search_is_named(query: dict[str, str], told: str) -> None:
    folder = Path(os.environ["SECOND_PASS_SAMPLE_DIR"], "documents")
    for day in ("2026-03-01", "2026-04-01"):
        head = f"---\ntenant: halvorsen\nupdated_at: {day}\n---\n"
        folder.joinpath(f"{day}.md").write_text(f"{head}# Freight\n\nThe sender pays from {day}.", encoding="utf-8")
    (said,) = notes(opened(**query))
    assert told in said


def test_a_filter_by_date_is_named_where_there_are_no_two() -> None:
    (told,) = notes(opened(since="2026-01-01"))
    assert told.endswith("This collection has no two dates, so that filter is off.")


def strange(at: AppTest) -> list[str]:
    """What the page says of names that it does not know."""
    assert not at.exception
    return [one for each in at.main.warning if "does not know" in (one := each.value.replace("\\", ""))]


@pytest.mark.parametrize("page", [file for file, _, _ in PAGES])
def test_every_page_names_the_settings_that_it_does_not_know_once(page: str) -> None:
    at = opened(page, k="3", foo="bar", treshold=".3", utm_source="mail", fbclid="x1", _ga="2")
    (told,) = strange(at)
    assert "2 settings that this version does not know: foo, treshold. They are left out" in told
    assert set(at.query_params) <= {"k", "v", "fp"}
    assert strange(at.run()) == [told]


def test_what_was_named_on_one_page_is_not_named_on_the_next() -> None:
    at = opened("8_corpus.py", foo="bar", gclid="7")  # a page without the sidebar, which would keep the link again
    assert strange(at)
    next_one = AppTest.from_file(str(ROOT / "pages" / "1_inspect.py"), default_timeout=300)
    for key in (link_names.UNKNOWN, links.KEPT):
        next_one.session_state[key] = at.session_state[key]
    assert strange(next_one.run()) == [] and link_names.UNKNOWN not in next_one.session_state
    assert not next_one.query_params


def test_a_link_with_what_a_mailer_added_is_as_good_as_none() -> None:
    at = opened(utm_source="mail", gclid="7")
    assert strange(at) == [] and not at.query_params


def test_a_name_that_is_nearly_right_is_offered() -> None:
    (told,) = strange(opened(eval_metrik="P@5"))
    assert told.endswith("Did you mean eval_metric?")


def test_every_control_of_the_address_has_a_known_name() -> None:
    names = {name for file in [*ROOT.glob("ui/**/*.py"), *ROOT.glob("pages/*.py")] for name in bound_names(file)}
    assert len(names) > 30 and not [name for name in names if not link_names.known(name)]


def bound_names(file: Path) -> list[str]:
    """The names in that file which a control binds to the address: keys that are written there, and those that are
    handed to a function which binds its `key`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    keys = [{one.arg: one.value for one in call.keywords}.get("key") for call in calls if is_bound(call)]
    keys += [argument for call in calls if called(call) in BINDING for argument in call.args]
    texts = [constants.get(key.id) if isinstance(key, ast.Name) else written(key) for key in keys if key is not None]
    return [
        text
        for text in texts
        if isinstance(text, str) and re.fullmatch(r"\w+", text) and text.islower() and text not in UNBOUND
    ]


BINDING = {"slider", "number", "chosen", "feedback_filter"}
"""Functions that bind the key which they are handed."""
UNBOUND = {"chosen_feedback"}
"""A key that is handed to one of them without being bound."""


def is_bound(call: ast.Call) -> bool:
    return any(one.arg == "bind" for one in call.keywords)


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def written(key: ast.expr) -> str:
    """A key as it is written; one that begins with braces is an extra search's, others with braces are left out."""
    if isinstance(key, ast.JoinedStr):
        begin, *rest = key.values
        return (
            "" if isinstance(begin, ast.Constant) else "x1_" + "".join(str(getattr(one, "value", "")) for one in rest)
        )
    return str(key.value) if isinstance(key, ast.Constant) else ""


def test_a_pool_that_no_link_ever_set_leaves_the_first_pass_alone() -> None:
    at = opened(q="refunds", pool="999")
    assert at.selectbox(key="fp").value != "" and at.selectbox(key="fp").value == opened().selectbox(key="fp").value
    assert not [one for one in at.sidebar.caption if "Changed" in one.value]
    assert any("to 999" in one for one in notes(at))


def test_the_note_stays_until_the_setting_is_changed() -> None:
    at = opened(pool="9999", k="3", fp="Off")
    assert not at.slider(key="pool").label.endswith("*") and at.slider(key="k").label.endswith("*")
    assert len(notes(at.run())) == 1 and at.slider(key="k").value == 3
    assert notes(at.slider(key="pool").set_value(20).run()) == []


def test_reset_drops_the_note() -> None:
    at = opened(k="abc")
    assert notes(at)
    assert notes(at.button(key="reset").click().run()) == []


def test_a_link_that_fits_has_no_note() -> None:
    assert notes(opened(pool="20", k="3", t_probability="0.2", early="when nothing can change")) == []
