"""Extra searches on the command line: what is read, what is refused, and one whole evaluation with one."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from rag_core.cli.extra_search_options import extra_search
from rag_core.cli.main import main
from rag_core.errors import BadInput
from rag_core.evaluation.export import to_trec
from rag_core.evaluation.report import Report
from rag_core.evaluation.score import measured, unsearched_queries
from rag_core.rerank.fixed import FixedReranker
from rag_core.schema.filters import make_filter
from rag_core.schema.policy import ExtraSearch
from tests.evaluation.builders import labelled
from tests.evaluation.test_score import POLICY, SET, pipeline

OTHER = ExtraSearch(name="other words", query="refunds")


def test_every_setting_is_read():
    words = ["recent", "tenant=acme, all", "source=wiki", "since=2026-09-01", "query=money = back", "depth=20"]
    assert extra_search([*words, "weight=0.5"]) == ExtraSearch(
        name="recent",
        where=make_filter(["acme", "all"], ["wiki"], date(2026, 9, 1)),
        query="money = back",
        depth=20,
        weight=0.5,
    )


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("tenants=acme", "'tenants=acme' is not a setting"),
        ("tenant", "'tenant' is not a setting"),
        ("tenant=", "'tenant=' is not a setting"),
        ("since=yesterday", "since=yesterday is not a date"),
        ("depth=900", "--extra recent: “depth” should be"),
        ("weight=much", "--extra recent: “weight” should be a number"),
    ],
)
def test_what_cannot_be_is_named(word, said):
    with pytest.raises(BadInput, match=said):
        extra_search(["recent", word])


def test_the_same_setting_twice_is_refused():
    with pytest.raises(BadInput, match="tenant is given twice"):
        extra_search(["recent", "tenant=a", "tenant=b"])


def test_a_search_that_is_added_runs_for_the_queries_that_lack_it():
    ways = pipeline(FixedReranker())
    known = dict(measured(ways, SET.asked[:3], [POLICY]))
    wider = POLICY.with_(extra_searches=(OTHER,))
    assert unsearched_queries(known, wider) == ["q0", "q1", "q2"]
    found = dict(measured(ways, SET.asked, [wider], known))
    assert unsearched_queries(found, wider) == []
    assert found["q0"].measured_at == known["q0"].measured_at


def test_names_that_are_no_file_names_get_their_place():
    files = to_trec(labelled({"q": {"a": 1}}), {"dense": {"q": ["a"]}, "../acme GmbH dense": {"q": ["a"]}})
    assert list(files) == ["qrels.trec", "dense.run", "2--acme-GmbH-dense.run"]
    assert len(files["2--acme-GmbH-dense.run"].split()) == 6


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two documents about refunds, of which only the older one names them as the question does."""
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    lines = [
        {"_id": "old", "text": "Refunds take thirty days.", "tenant": "umbra"},
        {"_id": "new", "text": "Money is returned within ten days.", "tenant": "acme"},
    ]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "How long do refunds take?"}) + "\n")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\tnew\t1\n")
    return tmp_path


def test_an_evaluation_with_an_extra_search(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = ["evaluate", str(folder), "--reranker", "none", "--format", "json"]
    assert main(plain) == 0
    without = Report.read(capsys.readouterr().out)
    assert main([*plain, "--extra", "acme", "tenant=acme", "weight=3", "--out", str(folder / "out")]) == 0
    beside = Report.read(capsys.readouterr().out)
    assert without.mean("fused", "RR@10") == 1 / 2
    assert beside.mean("fused", "RR@10") == beside.mean("acme dense", "RR@10") == 1
    assert beside.policy and [str(one) for one in beside.policy.extra_searches] == [
        "acme (tenant acme; depth 50, weight 3)"
    ]
    assert "extra search acme (tenant acme" in (folder / "out" / "report.md").read_text()
    assert (folder / "out" / "3-acme-dense.run").exists()


def test_an_unknown_setting_exits_with_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(folder), "--extra", "acme", "tenants=acme"]) == 2
    assert "is not a setting of an extra search" in capsys.readouterr().err
    assert main(["evaluate", str(folder), "--extra", "acme", "--before", "x.run"]) == 2
    assert "you gave rankings of another system" in capsys.readouterr().err
    assert main(["evaluate", str(folder), "--extra", "a", "--extra", "a"]) == 2
    assert "needs a name of its own" in capsys.readouterr().err
