"""Fine-tuning on the Evaluate page: the model is written, offered to every session, and its name is taken."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.finetune.pairs import LEAST
from rag_core.rerank.access import Credentials
from tests.rerank.conftest import make_model, tiny  # noqa: F401
from tests.ui.pages import done, page
from ui import caches
from ui.panels.fine_tuning import KIND

WORDS = ("refund", "take", "five", "days", "shipping", "free", "cats", "sleep", "long")


@pytest.fixture
def labelled(sample: None, tmp_path: Path) -> None:
    """The sample corpus with as many judged questions as fine-tuning needs."""
    folder = tmp_path / "sample"
    asked = [f"{WORDS[n % 9]} {WORDS[(n // 9 + 3) % 9]} {n}" for n in range(LEAST)]
    lines = [json.dumps({"_id": str(n), "text": text, "kind": "plain"}) for n, text in enumerate(asked)]
    (folder / "queries.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = ("refunds.md", "returns.md", "errors.md")
    rows = [f"{n}\t{names[n % 3]}\t3" for n in range(LEAST)]
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(rows) + "\n", encoding="utf-8")


opened = partial(page, timeout=600)


def offered(at: AppTest) -> list[str]:
    """The sidebar's rerankers."""
    return list(at.sidebar.selectbox(key="r").options)


@pytest.mark.usefixtures("labelled")
def test_a_fine_tuned_model_is_offered_to_every_session_and_its_name_is_taken(
    tiny: Path,  # noqa: F811
    tmp_path: Path,
    polled: list[float],
) -> None:
    key = f"cross-encoder:{tiny}"
    assert "refunds-first" not in offered(opened("7_rerankers.py"))
    at = opened("5_evaluate.py", access=Credentials(added=(key,)), r=key)
    done(at.slider(key="eval_size").set_value(LEAST).run())
    done(at.button(key="eval_score").click().run())
    at.text_input(key="lesson_name").set_value("refunds-first")
    done(at.button(key="lesson_start").click().run())
    job = caches.job_book().latest(KIND)
    assert job is not None
    assert caches.job_book().join(job.id, timeout_s=300).state == "done"

    folder = tmp_path / "data" / "rerankers" / "refunds-first"
    assert (folder / "config.json").is_file()
    polled.clear()
    done(at.run())
    assert polled == []  # the job is over
    assert list(at.dataframe[-1].value["Model"]) == ["refunds-first"]
    assert "refunds-first" in offered(at)
    assert "refunds-first" in offered(opened("7_rerankers.py"))

    at.text_input(key="lesson_name").set_value("another")
    assert not [one for one in done(at.run()).error if "already" in one.value]
    at.text_input(key="lesson_name").set_value("refunds-first")
    done(at.button(key="lesson_start").click().run())
    assert any("There is a model called 'refunds\\-first' already" in one.value for one in at.error)
    latest = caches.job_book().latest(KIND)
    assert latest is not None and latest.id == job.id
