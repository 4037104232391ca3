"""Settings of a run that go beyond what the sidebar's controls have: the nearest is set and named."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.schema.filters import make_filter
from rag_core.schema.fusion import Fusion
from rag_core.schema.policy import ExtraSearch, FirstPass, Policy, Rewrite
from tests.ui.pages import done, taken_up

pytestmark = pytest.mark.usefixtures("sample")
LATE = "late-interaction"
RECENT = ExtraSearch(name="recent", where=make_filter(since=date(2026, 3, 15)), depth=5, weight=8)


@pytest.fixture
def chat_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the environment names, and nobody asks."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_MODEL", "toy")


def notes(at: AppTest) -> list[str]:
    return [one.value.replace("\\", "") for one in done(at).sidebar.warning]


@pytest.mark.parametrize(
    ("policy", "ends"),
    [
        (Policy(first_pass=None, pool=300, top_k=50), {"pool": (300, 200), "k": (50, 20)}),
        (Policy(first_pass=FirstPass(reranker=LATE, pool=400), pool=300), {"best": (300, 200)}),
        (Policy(reranker=LATE, first_pass=FirstPass(reranker=LATE, pool=400), pool=20), {"pool": (400, 200)}),
        (Policy(reranker="none", pool=300), {"pool": (300, 200)}),
        (Policy(fusion=Fusion(k=900, dense_weight=8)), {"rrfk": (900, 200), "dw": (8, 3)}),
        (Policy(rewrite=Rewrite(on=True, weight=8)), {"rww": (8, 3)}),
        (Policy(extra_searches=(RECENT,)), {"x1_depth": (5, 10), "x1_weight": (8, 3)}),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, dict) else "",
)
def test_they_are_taken_up_as_near_as_the_controls_go(
    policy: Policy, ends: dict[str, tuple[int, int]], chat_model: None
) -> None:
    for day in ("2026-03-01", "2026-04-01"):
        text = f"---\nupdated_at: {day}\n---\n# Freight\n\nThe sender pays from {day}."
        Path(os.environ["SECOND_PASS_SAMPLE_DIR"], "documents", f"{day}.md").write_text(text, encoding="utf-8")
    at = taken_up(policy, "1_inspect.py").run()  # the filters are drawn once the corpus is read
    told = notes(at)
    assert len(told) == len(ends)
    for key, (asked, now) in ends.items():
        assert at.slider(key=key).value == now
        assert any(f"” to {asked}. It must be" in one and f"It is {now}" in one for one in told), told
    assert notes(at.run()) == told
    assert not notes(at.button(key="reset").click().run())


@pytest.mark.usefixtures("chat_model")
def test_depth_and_weight_of_rewritten_queries_are_taken_up_and_reset() -> None:
    at = taken_up(Policy(rewrite=Rewrite(on=True, depth=30, weight=0.5)), "1_inspect.py")
    assert not notes(at) and at.toggle(key="rw").value is True
    assert (at.slider(key="rwd").value, at.slider(key="rww").value) == (30, 0.5)
    at = done(at.button(key="reset").click().run())
    at = done(at.toggle(key="rw").set_value(True).run())
    assert (at.slider(key="rwd").value, at.slider(key="rww").value) == (50, 1.0)


def test_rewriting_without_a_chat_model_is_off_and_says_so() -> None:
    at = taken_up(Policy(rewrite=Rewrite(on=True)), "1_inspect.py")
    (told,) = notes(at)
    assert "needs a chat model, so it is off" in told
    assert not notes(at.button(key="reset").click().run())
