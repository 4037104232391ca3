"""The rerun of an unchanged page computes nothing: no chart, no replay, no table of a run, whatever page it is."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.schema.trace import Trace
from ui.charts.palette import LIGHT

ROOT = Path(__file__).parents[2]
CHARTS = sorted(path.stem for path in (ROOT / "ui" / "charts").glob("*.py") if "def figure(" in path.read_text("utf-8"))
PAGES_WITH_A_RUN = ("1_inspect.py", "2_scores.py", "3_latency.py", "4_compare.py")
QUESTION = "how long does a refund take"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a figure, a trace, and a table of a trace were made, and something was searched."""
    counts: Counter[str] = Counter()

    def counted(owner: type, name: str, what: str) -> None:
        of_old = getattr(owner, name)

        def noted(*given: object, **named: object) -> object:
            counts[what] += 1
            return of_old(*given, **named)

        monkeypatch.setattr(owner, name, noted)

    counted(go.Figure, "__init__", "figures")
    counted(Trace, "__init__", "traces")
    counted(Trace, "model_copy", "traces")
    counted(Trace, "frame", "tables")
    counted(LexicalIndex, "search", "searches")
    return counts


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize("page", PAGES_WITH_A_RUN)
def test_an_unchanged_page_makes_nothing_again(page: str, made: Counter[str]) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / page), default_timeout=300)
    at.run()
    at.text_input(key="q").set_value(QUESTION)
    at.button(key="run").click().run()
    at.run()  # a sidebar that a run has changed is drawn
    assert not at.exception
    assert made["figures"] and made["searches"] and made["traces"]
    before = dict(made)
    at.run()
    assert not at.exception
    assert dict(made) == before


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_is_drawn_once_of_the_same_values(chart: str) -> None:
    assert hasattr(importlib.import_module(f"ui.charts.{chart}").figure, "__wrapped__"), "put it under `@once`"


def test_another_theme_is_another_picture() -> None:
    from ui.charts import budget_bar
    from ui.charts.palette import DARK

    light = budget_bar.figure(10.0, 20.0, LIGHT)
    assert budget_bar.figure(10.0, 20.0, LIGHT) is light
    assert budget_bar.figure(10.0, 20.0, DARK) is not light
