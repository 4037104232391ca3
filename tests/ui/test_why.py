"""Why a document was not found: the form, the fixes checked up to the answer, and a loss that is saved as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ui import caches

PAGES = Path(__file__).parents[2] / "pages"
QUESTION = "KB-17 refund arrives"
"""Finds errors.md, refunds.md and returns.md in this order; the answer quotes refunds.md alone."""
pytestmark = pytest.mark.usefixtures("sample")


def opened(page: str = "6_triage.py", **link: object) -> AppTest:
    at = AppTest.from_file(str(PAGES / page), default_timeout=300)
    at.query_params.update({"r": "No reranker", **{name: str(value) for name, value in link.items()}})
    return drawn(at.run())


def drawn(at: AppTest) -> AppTest:
    assert not at.exception
    return at


def tried(at: AppTest, change: str) -> AppTest:
    """The page after a click on Try it beside the fix of that setting."""
    fixes = [one.proto.body for one in at.get("html") if 'data-testid="what-if"' in one.proto.body]
    place = next(number for number, text in enumerate(fixes) if f">{change}" in text)
    return drawn(at.button(key=f"use{place}").click().run())


def badges(at: AppTest) -> str:
    return " ".join(one.value for one in at.markdown if "badge[" in one.value)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"q": QUESTION}, "Enter the document that should have answered."),
        ({"doc": "refunds.md"}, "Enter the question."),
    ],
)
def test_the_form_says_which_field_is_missing(link, said):
    assert [one.value for one in opened(**link).info] == [said]


def test_an_empty_form_says_so_once_it_is_sent():
    at = opened()
    assert not at.info
    drawn(at.button(key="find").click().run())
    assert [one.value for one in at.info] == ["Enter the question and the document that should have answered."]


def test_the_list_of_documents_takes_its_best_match_and_no_new_entry():
    box = opened(q=QUESTION).selectbox(key="doc")
    assert box.proto.accept_new_options is False
    assert "Refunds · refunds.md" in box.options


def test_a_link_to_a_document_that_is_gone_still_says_what_is_near():
    at = opened(q=QUESTION, doc="refund rules")
    assert at.text_input(key="unlisted").value == "refund rules"
    assert "Not in the corpus" in badges(at)


def test_a_run_that_takes_long_is_no_matter_of_the_document():
    at = opened(q=QUESTION, doc="refunds.md", k=1)
    assert not [one for one in at.markdown if "too long" in one.value]


def test_a_fix_that_the_answer_uses_is_marked_so_and_tried_with_a_way_back():
    at = opened(q=QUESTION, doc="refunds.md", k=1)
    assert "Cut by top" in badges(at) and "The answer cites it" in badges(at)
    tried(at, "Top-k")
    assert at.slider(key="k").value == 2
    assert at.success[0].value == "Top\\-k is now 2 \\(was 1\\)\\. The answer cites it now\\."
    drawn(at.button(key="undo").click().run())
    assert at.slider(key="k").value == 1
    assert not at.success and "undo" not in [one.key for one in at.button]


def test_a_fix_that_the_answer_does_not_use_says_what_remains():
    at = opened(q=QUESTION, doc="returns.md", k=1)
    assert "Lost in the answer (not cited)" in badges(at)
    tried(at, "Top-k")
    assert "It is not fixed\\: lost in the answer" in at.warning[0].value


def test_a_case_saved_while_a_fix_is_tried_is_the_loss_before_it():
    at = opened(q=QUESTION, doc="refunds.md", k=1)
    tried(at, "Top-k")
    assert at.radio(key="case_run").options[0].startswith("Before the change")
    drawn(at.button(key="save_case_button").click().run())
    (row,) = caches.case_book().find().found
    saved = caches.case_book().get(row.id)
    assert (saved.trace.policy.top_k, saved.verdict.lost) == (1, True)
