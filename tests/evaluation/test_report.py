"""The report: every figure from its own per-query values, saved and read back, a gate with a verdict."""

from __future__ import annotations

import csv
import io
import json

import pytest

from rag_core.errors import BadInput
from rag_core.evaluation import gate
from rag_core.evaluation.export import queries_csv, to_markdown
from rag_core.evaluation.gather import build
from rag_core.evaluation.report import Report, rankings_of, report
from rag_core.schema.documents import CollectionRef
from rag_core.schema.filters import Filter, make_filter
from rag_core.schema.policy import Policy
from rag_core.schema.steps import StepName
from tests.evaluation.builders import labelled, plain

POLICY = Policy(reranker="ce", pool=3, top_k=1)
KINDS = {"q1": "code", "q2": "code", "q3": "twin"}


def made(best: str = "c", on: CollectionRef | None = None, **qrels: dict[str, int]) -> Report:
    """Three queries that find a, b, c in this order, and a reranker that puts `best` first."""
    qrels = qrels or {"q1": {"c": 1}, "q2": {"c": 1}, "q3": {"a": 1}}
    asked = labelled(qrels, kinds=KINDS)
    scores = {"a": 1.0, "b": 0.0, "c": 0.5, best: 9.0}
    pools = build({one: plain("abc", "", scores) for one in qrels}, asked)
    rankings = rankings_of(pools, POLICY)
    return report(asked, rankings, ["RR@10"], pools=pools, policy=POLICY, collection=on or plain("a").collection)


def test_means_comparisons_and_groups() -> None:
    found = made()

    assert found.steps == tuple(name for name in StepName if name is not StepName.FIRST_PASS)
    assert found.mean("fused", "RR@10") == pytest.approx((1 / 3 + 1 / 3 + 1) / 3)
    assert found.mean("adjusted", "RR@10") == pytest.approx((1 + 1 + 1 / 2) / 3)
    assert found.metrics == ("RR@10", "P@5", "nDCG@5")
    comparison = found.comparisons["RR@10"]
    assert (comparison.wins, comparison.ties, comparison.losses) == (2, 0, 1)
    assert list(found.groups["kind"]) == ["twin", "code"]
    assert found.groups["kind"]["twin"].difference < 0 < found.groups["kind"]["code"].difference
    assert found.changes("RR@10")[0] == ("q3", pytest.approx(1 / 2 - 1))
    assert found.headroom and found.headroom.retrieval == 0


def test_a_report_comes_back_as_it_was_saved() -> None:
    found = made()
    assert Report.read(found.to_json()) == found


@pytest.mark.parametrize("content", ["", "{}", "[]", "nonsense", '{"version": 2}'])
def test_what_is_no_report_is_refused_by_name(content: str) -> None:
    with pytest.raises(BadInput, match=r"baseline\.json: This is not a saved evaluation"):
        Report.read(content, "baseline.json")


def test_a_set_without_judgments_cannot_be_measured() -> None:
    with pytest.raises(BadInput, match="No question of toy has a grade"):
        report(labelled({}, "q1"), {"fused": {"q1": ["a"]}, "adjusted": {"q1": ["a"]}})


def test_pairs_without_a_score_make_no_rankings() -> None:
    pools = build({"q1": plain("abc", "", {"a": 1.0})}, labelled({"q1": {"a": 1}}))
    with pytest.raises(BadInput, match="2 pairs of these pools have no score from ce"):
        rankings_of(pools, POLICY)


def test_requirements_are_read_and_refused() -> None:
    assert gate.parse("ndcg@10=0.80") == gate.GateRequirement(metric="nDCG@10", minimum=0.8)
    for wrong in ("nDCG@10", "nDCG@10=high", "nDCG@10=1.5", "speed=0.5", "nDCG@10=nan"):
        with pytest.raises(BadInput, match="is not a"):
            gate.parse(wrong)


def test_the_gate_fails_under_a_minimum() -> None:
    found = made()
    assert gate.under(found, [gate.parse("RR@10=0.8")], "adjusted") == []
    (short,) = gate.under(found, [gate.parse("RR@10=0.8")], "fused")
    assert (short.metric, short.step, short.minimum) == ("RR@10", "fused", 0.8)
    assert short.mean == pytest.approx(0.5556, abs=1e-4)


def test_a_mean_that_is_its_minimum_passes() -> None:
    found = made().with_(values={"adjusted": {"P@5": {"q1": 0.6, "q2": 0.0, "q3": 0.6}}})
    assert gate.under(found, [gate.parse("P@5=0.4")], "adjusted") == []
    assert gate.under(found, [gate.parse("P@5=0.401")], "adjusted")


def test_the_gate_fails_where_it_is_clearly_worse_than_the_baseline() -> None:
    qrels = {f"q{n}": {"c": 1, "a": n % 2} for n in range(30)}
    good, bad = made("c", **qrels), made("b", **qrels)

    def failed(now: Report, then: Report) -> list[str]:
        return [one.metric for one in gate.worse(now, then, ["RR@10"], "adjusted").compared if one.failed]

    assert failed(bad, good) == ["RR@10"]
    assert failed(good, good) == failed(good, bad) == []
    assert gate.worse(bad, good, ["RR@10"], "adjusted").changed == ()


def test_a_baseline_on_other_queries_or_without_the_metric_is_refused() -> None:
    with pytest.raises(BadInput, match="on other queries"):
        gate.worse(made(), made(x1={"c": 1}), ["RR@10"], "adjusted")
    with pytest.raises(BadInput, match="no AP@100 of the step adjusted"):
        gate.worse(made(), made(), ["AP@100"], "adjusted")


def test_a_changed_set_is_remarked() -> None:
    check = gate.worse(made(), made(q1={"c": 2}, q2={"a": 1}), ["RR@10"], "adjusted")
    assert check.changed == (gate.Changed.LABELLED_SET,)


def test_a_baseline_on_another_collection_is_compared_and_remarked() -> None:
    then = CollectionRef(name="Handbook", fingerprint="f1", embedding_model="m", documents=3, passages=3, id="files")
    changed = [then.with_(fingerprint="f2"), then.with_(fingerprint="f2", id="team"), then]
    found = [gate.worse(made(on=one), made(on=then), ["RR@10"], "adjusted") for one in changed]
    assert [one.changed for one in found] == [(gate.Changed.COLLECTION,), (gate.Changed.OTHER_COLLECTION,), ()]
    assert all(one.compared for one in found)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("where", [None, make_filter(["acme"])], ids=str)
def test_of_a_baseline_that_kept_no_filter_it_is_said_that_it_is_not_known(version: int, where: Filter | None) -> None:
    written = json.loads(made().to_json())
    del written["where"], written["says_filter"]
    baseline = Report.read(json.dumps(written | {"version": version, "headroom": None}))
    assert not baseline.says_filter and Report.read(baseline.to_json()) == baseline
    check = gate.worse(made().with_(where=where), baseline, ["RR@10"], "adjusted")
    assert check.changed == (gate.Changed.FILTER_UNKNOWN,)


def test_a_baseline_under_another_filter_is_remarked() -> None:
    acme, chat = make_filter(["acme"]), make_filter(sources=["chat"])
    for here, there in ((None, acme), (acme, None), (acme, chat), (acme, acme)):
        check = gate.worse(made().with_(where=here), made().with_(where=there), ["RR@10"], "adjusted")
        assert check.changed == (() if here == there else (gate.Changed.FILTER,))


def test_markdown_tells_the_whole_story() -> None:
    told = to_markdown(made())

    assert "| fused | 0.5556 |" in told
    assert "- **P@5**: 0.200 → 0.200. No question changed (3 compared)." in told
    assert "## By kind" in told and "| twin | 1 |" in told
    assert "| -0.369 | – | 0 / 0 / 1 |" in told and "A dash is no interval: fewer than 4 questions" in told
    assert "| q3 | -0.369 | question q3 |" in told
    assert "ranking" in told


def test_csv_has_a_row_a_query_and_runs_nothing_in_a_spreadsheet() -> None:
    found = made().model_copy(update={"texts": {"q1": "=cmd()", "q2": "two", "q3": "three"}})
    rows = list(csv.DictReader(io.StringIO(queries_csv(found))))

    assert [row["query_id"] for row in rows] == ["q1", "q2", "q3"]
    assert rows[0]["query"] == "'=cmd()"
    assert float(rows[2]["adjusted RR@10"]) == 1 / 2
