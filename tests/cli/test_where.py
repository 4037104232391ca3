"""`--where`: questions asked under a filter on metadata, what is refused, and where the filter is told."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from rag_core.cli.agent_calls import AgentCalls
from rag_core.cli.extra_search_options import extra_search
from rag_core.cli.main import main
from rag_core.errors import BadInput
from rag_core.evaluation.report import Report
from rag_core.schema.filters import Dated, Equal, Filter, Not
from rag_core.schema.trace import Trace
from rag_core.settings import Settings
from rag_core.wording.metric_changes import CHANGED
from tests.cli.test_inspect_and_triage import printed

QUESTION = "How long do refunds take?"
TEXTS = {
    "pro": ("Refunds take 30 days on the Pro plan.", {"product": "Pro", "region": "eu", "year": 2025}),
    "basic": (
        "Refunds take 10 days on Basic.",
        {"product": "Basic", "region": "us", "reviewed": "2026-03-14"},
    ),
    "old": ("Refunds took 90 days on the Legacy plan.", {"product": "Legacy", "region": "us", "year": 2024}),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A labelled set with three documents about refunds."""
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    lines = [{"_id": name, "text": text, **more} for name, (text, more) in TEXTS.items()]
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "corpus.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "set" / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": QUESTION}) + "\n")
    (tmp_path / "set" / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\tbasic\t1\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "corpus.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def found(capsys: pytest.CaptureFixture[str], folder: Path, *conditions: str) -> set[str]:
    """The documents that any search found under these conditions."""
    where = [word for one in conditions for word in ("--where", one)]
    code, out, err = printed(capsys, "ask", QUESTION, str(folder / "docs"), "--reranker", "none", "--json", *where)
    assert code == 0, err
    return {one.document_id.partition("#")[2] for one in Trace.read(out).passages.values()}


@pytest.mark.parametrize(
    ("conditions", "documents"),
    [
        ((), {"pro", "basic", "old"}),
        (("product=Pro",), {"pro"}),
        (("product=Pro", "product=Basic"), {"pro", "basic"}),
        (("region=us", "product!=Legacy"), {"basic"}),
        (("year=2025",), {"pro"}),
        (("reviewed>=2026-03-01", "reviewed < 2026-04-01"), {"basic"}),
        (
            (
                '{"kind": "any", "conditions": [{"kind": "equal", "field": "year", "value": 2024}, '
                '{"kind": "dated", "field": "reviewed"}]}',
            ),
            {"basic", "old"},
        ),
    ],
)
def test_only_what_matches_is_found(
    conditions: tuple[str, ...], documents: set[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(capsys, folder, *conditions) == documents


def test_every_command_tells_the_filter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [QUESTION, str(folder / "docs"), "--where", "region=us", "--where", "product!=Legacy"]
    told = "Only passages with region us, not product Legacy."
    written = ["region=us", "product!=Legacy"]
    where = Filter(
        conditions=(Equal(field="region", value="us"), Not(condition=Equal(field="product", value="Legacy")))
    )
    for command in (["ask"], ["inspect"], ["triage", "--expect", "corpus.jsonl#basic"]):
        code, out, err = printed(capsys, *command, *asked)
        assert code == 0 and told in out, err
    assert Trace.read(printed(capsys, "ask", *asked, "--json")[1]).where == where
    assert json.loads(printed(capsys, "inspect", *asked, "--json")[1])["where"] == written
    code, out, _ = printed(capsys, "triage", *asked, "--expect", "corpus.jsonl#pro", "--json")
    facts = json.loads(out)
    assert (code, facts["verdict"], facts["where"]) == (1, "filtered-out", written)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("product", "“product” is no condition of a filter. It names no field and value"),
        ("year>=2024", "“2024” is no day"),
        ("produkt=Pro", "has a field “produkt”. Did you mean product? There are: source, tenant"),
        ("region>=2026-03-01", "has a day such as 2026-03-14 in “region”; it has values such as “eu” or “us”."),
        ("tenant>=2026-03-01", "has a day such as 2026-03-14 in “tenant”"),
        ('{"kind": "like", "field": "product"}', "is no condition of a filter"),
    ],
)
@pytest.mark.parametrize("command", [["ask"], ["inspect"], ["triage", "--expect", "corpus.jsonl#pro"]])
def test_a_condition_that_cannot_be_is_refused(
    command: list[str], condition: str, told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = printed(capsys, *command, QUESTION, str(folder / "docs"), "--where", condition)
    assert (code, out) == (2, "") and told in " ".join(err.split())


def test_a_filter_that_nothing_matches_is_named_as_the_reason(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [QUESTION, str(folder / "docs"), "--where", "product=None"]
    code, out, _ = printed(capsys, "inspect", *asked)
    out = " ".join(out.split())
    assert code == 1 and "with product None matched this question" in out
    assert "It found no passage that has product None. Check the filter" in out
    assert "no word of the question is in a passage that has product None" in out
    assert "in the collection" not in out and "First pass" not in out


def test_what_is_not_searched_here_takes_no_filter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["inspect", QUESTION, "--where", "product=Pro"]
    for other in (["--run", str(folder / "none.jsonl")], ["--retriever", "json:loads"]):
        code, _, err = printed(capsys, *asked, *other)
        assert code == 2 and ("--where cannot be given with --run" in err or "A live retriever filters by" in err)
    rankings = ["--where", "a=b", "--before", "x.run"]
    code, _, err = printed(capsys, "evaluate", str(folder / "set"), *rankings)
    assert code == 2 and "--where needs the pipeline of Second Pass" in err


def test_an_evaluation_under_a_filter(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = ["evaluate", str(folder / "set"), "--reranker", "none"]
    baseline = folder / "out" / "report.json"
    assert main([*plain, "--out", str(folder / "out")]) == 0
    capsys.readouterr()
    under = [*plain, "--where", "product=Basic"]
    code, out, err = printed(capsys, *under, "--format", "json", "--baseline", str(baseline))
    report = Report.read(out)
    assert code == 0 and report.where == Filter(conditions=(Equal(field="product", value="Basic"),))
    assert report.mean("fused", "P@5") == 1 / 5 and report.mean("fused", "RR@10") == 1
    assert [text for text in CHANGED.values() if text in err] == ["The baseline was measured under another filter."]
    assert "only passages with product Basic" in printed(capsys, *under)[1]
    code, _, err = printed(capsys, *plain, "--where", "produkt=Basic")
    assert code == 2 and "Did you mean product?" in err


def test_a_field_of_an_extra_search_that_no_document_has_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extra = ["--reranker", "none", "--extra", "mine", "where=produkt=Pro"]
    code, out, err = printed(capsys, "evaluate", str(folder / "set"), *extra)
    assert (code, out) == (2, "") and "Did you mean product?" in err


def test_an_extra_search_takes_conditions() -> None:
    one = extra_search(["recent", "tenant=acme", "where=product=Pro", "where=reviewed>=2026-01-01"])
    assert str(one.where) == "tenant acme, product Pro, reviewed since 2026-01-01"
    assert one.where is not None and one.where.conditions[2] == Dated(field="reviewed", after=date(2026, 1, 1))
    with pytest.raises(BadInput, match="names no value"):
        extra_search(["recent", "where=product="])


def test_an_agent_filters_as_well(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", str(folder / "docs"), "--name", "Plans"]) == 0
    capsys.readouterr()
    calls = AgentCalls(Settings())
    kept = calls.inspect_query(QUESTION, collection="Plans", where=["product=Pro"])
    assert kept["where"] == ["product=Pro"] and [one["document_id"] for one in kept["kept"]] == ["corpus.jsonl#pro"]
    told = calls.triage_query(QUESTION, "corpus.jsonl#basic", collection="Plans", where=["product=Pro"])
    assert told["verdict"] == "filtered-out"
    with pytest.raises(BadInput, match="has a field “produkt”"):
        calls.inspect_query(QUESTION, collection="Plans", where=["produkt=Pro"])
