"""`python -m rag_core evaluate`: what it prints, writes and exits with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_core.cli.main import main
from rag_core.evaluation.export import to_markdown
from rag_core.evaluation.report import Report
from rag_core.evaluation.vectorised_replay import step_names
from rag_core.rerank.catalogue import entry_of
from rag_core.schema.policy import DEFAULT_RERANKER, Policy
from tests.rerank.conformance_server import KEY, Fault, running

QUERIES = "".join(
    json.dumps({"_id": f"q{n}", "text": f"what is topic {n}", "kind": f"k{n % 2}"}) + "\n" for n in range(6)
)
QRELS = "query-id\tcorpus-id\tscore\n" + "".join(f"q{n}\td{n}\t1\n" for n in range(6))
TOPICS = ("refunds", "invoices", "passwords", "outages", "webhooks", "holidays")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of six queries, each with one relevant document, and two runs: the second has it first."""
    (tmp_path / "queries.jsonl").write_text(QUERIES)
    (tmp_path / "qrels.tsv").write_text(QRELS)
    for name, place in (("before", 2), ("after", 1)):
        rows = []
        for n in range(6):
            ranked = [f"x{n}", f"d{n}"] if place == 2 else [f"d{n}", f"x{n}"]
            rows += [f"q{n} Q0 {item} {rank} {3 - rank} t" for rank, item in enumerate(ranked, start=1)]
        (tmp_path / f"{name}.run").write_text("\n".join(rows))
    return tmp_path


def evaluate(folder: Path, *more: str) -> int:
    return main(["evaluate", str(folder), "--before", str(folder / "before.run"), *more])


def with_documents(folder: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Put the first documents of the six topics beside the questions, and keep collections in the folder."""
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(folder / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    lines = [{"_id": f"d{n}", "text": f"Topic {n} is about {topic}."} for n, topic in enumerate(TOPICS[:count])]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_runs_made_elsewhere_are_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folder, "--after", str(folder / "after.run"), "--metrics", "RR@10") == 0

    told = capsys.readouterr().out
    assert "| fused | 0.5000 |" in told
    assert "| adjusted | 1.0000 |" in told
    assert "6 better, 0 equal, 0 worse" in told


def test_files_are_written_and_read_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "out"
    evaluate(folder, "--after", str(folder / "after.run"), "--out", str(out), "--format", "json")

    assert Report.read(capsys.readouterr().out) == Report.read((out / "report.json").read_bytes())
    assert {path.name for path in out.iterdir()} == {
        "report.json", "report.md", "queries.csv", "curves.csv", "qrels.trec", "fused.run", "adjusted.run",
    }  # fmt: skip
    assert (out / "qrels.trec").read_text().startswith("q0 0 d0 1\n")


def test_the_gate_exits_with_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(folder, "--fail-under", "RR@10=0.5") == 0
    assert evaluate(folder, "--fail-under", "RR@10=0.51") == 1
    assert "FAILED: RR@10 of the step adjusted is 0.5000, under 0.51." in capsys.readouterr().err


def test_clearly_worse_than_the_baseline_exits_with_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(folder, "--after", str(folder / "after.run"), "--out", str(folder / "good"))
    baseline = ["--baseline", str(folder / "good" / "report.json"), "--metrics", "nDCG@10"]

    assert evaluate(folder, "--after", str(folder / "after.run"), *baseline) == 0
    assert evaluate(folder, *baseline) == 1
    assert "nDCG@10 against the baseline: Worse by -0.369" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--fail-under", "nDCG@10"], "is not a requirement"),
        (["--metrics", "BLEU@2"], "is not a metric"),
        (["--step", "lunch"], "There is no step 'lunch'; there are fused, adjusted"),
        (["--after", "nowhere.run"], "There is no file nowhere.run"),
        (["--first-pass", "late-interaction", "9"], "--first-pass needs the pipeline of Second Pass"),
        (["--first-pass-weights", "0", "0"], "--first-pass-weights needs the pipeline of Second Pass"),
        (["--reranker", "none"], "--reranker needs the pipeline of Second Pass"),
        (["--limit", "3"], "--limit needs the pipeline of Second Pass"),
        (["--depth", "100"], "--depth needs the pipeline of Second Pass"),
        (["--candidates", "some.jsonl"], "Give either --before or --candidates."),
        (["--search", "0.3"], "--search needs the pipeline of Second Pass"),
        (["--baseline", "queries.jsonl"], "There is no file"),
    ],
)
def test_what_cannot_be_used_exits_with_2(
    folder: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(folder, *more) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "more",
    [
        ["--metrics", "foo@3"],
        ["--metrics", "RR@0"],
        ["--limit", "0"],
        ["--step", "lunch"],
        ["--step", "first_pass", "--reranker", "none"],
        ["--out", "qrels.tsv/out"],
        ["--out", "qrels.tsv"],
        ["--reranker", "cohere:rerank-v3.5"],
        ["--first-pass", "cohere:rerank-v3.5", "20"],
        ["--threshold", "2"],
        ["--baseline", "other.json"],
        ["--baseline", "other.json", "--fail-under", "R@5=0.1"],
    ],
    ids=str,
)
def test_a_slip_is_told_before_anything_is_indexed(
    folder: Path, more: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 6)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("COHERE_API_KEY", raising=False)
    other = folder / "other"
    other.mkdir()
    (other / "queries.jsonl").write_text(QUERIES.replace('"q', '"other'))
    (other / "qrels.tsv").write_text(QRELS.replace("\nq", "\nother"))
    (other / "before.run").write_text((folder / "before.run").read_text().replace("q", "other"))
    assert evaluate(other, "--out", "written") == 0
    (folder / "written" / "report.json").rename("other.json")
    capsys.readouterr()
    assert main(["evaluate", str(folder), *more]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1 and not (folder / "data").exists()


@pytest.mark.parametrize(
    ("qrels", "more"), [("query-id\tcorpus-id\tscore\n", []), (QRELS.replace("q0", "q5"), ["--limit", "1"])]
)
def test_questions_without_a_grade_are_told_before_anything_is_indexed(
    folder: Path, qrels: str, more: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 6)
    (folder / "queries.jsonl").write_text(QUERIES.replace('"k0"', '"unanswerable"'))
    (folder / "qrels.tsv").write_text(qrels)
    assert main(["evaluate", str(folder), *more]) == 2
    assert "has a grade, so nothing can be measured" in capsys.readouterr().err and not (folder / "data").exists()


@pytest.mark.parametrize("more", [["--extra", "x", "since=2026-01-01"], ["--step", "first_pass"]], ids=str)
def test_the_steps_that_a_slip_is_held_against_are_those_of_the_report(
    folder: Path, more: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 6)
    assert main(["evaluate", str(folder), "--format", "json", *more]) == 0
    found = Report.read(capsys.readouterr().out)
    assert found.policy is not None and step_names(found.policy) == found.steps


def test_a_step_of_rankings_made_elsewhere_is_checked_before_anything_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(folder, "--step", "kept", "--out", str(folder / "out")) == 2
    assert not capsys.readouterr().out and not (folder / "out").exists()


def test_an_after_run_alone_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(folder), "--after", str(folder / "after.run")]) == 2
    assert "Add --before" in capsys.readouterr().err


def test_our_own_pipeline_over_the_sets_own_documents(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 5)
    command = ["evaluate", str(folder), "--reranker", "none", "--pool", "3", "--limit", "3", "--format", "json"]

    assert main(command) == 0
    first = Report.read(capsys.readouterr().out)
    assert main(command) == 0
    again = capsys.readouterr()

    assert first.steps == ("dense", "lexical", "fused", "reranked", "adjusted", "kept")
    assert (first.judged, first.reranker_model, first.collection and first.collection.documents) == (3, "none", 5)
    assert first.mean("fused", "RR@10") > 0.9
    assert Report.read(again.out).values == first.values
    assert "embedding" not in again.err


def test_what_is_kept_is_what_the_app_keeps_unless_another_cut_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 6)

    def found(*cut: str) -> Report:
        assert main(["evaluate", str(folder), "--format", "json", "--metrics", "R@5", *cut]) == 0
        return Report.read(capsys.readouterr().out)

    usual, all_kept, none_kept = found(), found("--threshold", "0", "--top-k", "3"), found("--threshold", "1")
    policies = [one.policy for one in (usual, all_kept, none_kept)]
    assert [policy and (policy.threshold.minimum, policy.top_k) for policy in policies] == [
        (entry_of(DEFAULT_RERANKER).default_threshold, Policy().top_k),
        (None, 3),
        (1.0, Policy().top_k),
    ]
    assert all_kept.mean("kept", "R@5") > none_kept.mean("kept", "R@5") == 0
    assert "threshold probability 0.08, top-k 5" in to_markdown(usual)
    assert "no threshold, top-k 3" in to_markdown(all_kept)


def test_a_first_pass_and_the_search_signal_are_part_of_the_policy(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 6)
    command = ["evaluate", str(folder), "--pool", "2", "--limit", "2", "--format", "json"]
    both = [*command, "--first-pass", "late-interaction", "4", "--reranker", "second-pass-minilm-v3", "--search", "1"]

    assert main(both) == 0
    assert "first_pass" in Report.read(capsys.readouterr().out).steps
    assert main([*both, "--format", "markdown"]) == 0
    told = capsys.readouterr().out
    assert "first pass late-interaction over 4;" in told
    assert "search 1" in told
    assert main(command) == 0  # the default passes, with another pool
    assert "first_pass" in Report.read(capsys.readouterr().out).steps
    assert main([*command, "--first-pass", "late-interaction", "2"]) == 0
    assert "hands on all 2" in capsys.readouterr().err
    assert main([*command, "--first-pass", "late-interaction", "1"]) == 2
    assert "Value error" not in capsys.readouterr().err
    assert main([*command, "--search", "7"]) == 2
    assert "--search should be 1 or less" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "first pass late-interaction over 4"),
        (["--first-pass-weights", "0.3", "0.1"], "first pass late-interaction over 4 + 0.3 cosine + 0.1 "),
    ],
    ids=str,
)
def test_the_set_may_come_last_after_a_first_pass_and_its_weights(
    folder: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 6)
    command = ["evaluate", "--pool", "2", "--limit", "2", "--first-pass", "late-interaction", "4", *more, str(folder)]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert said in told and ("cosine" in told) == bool(more)


@pytest.mark.parametrize(
    "more",
    [
        ["--metrics", "RR@10", "P@1"],
        ["--fail-under", "RR@10=0.1"],
        ["--extra", "more", "query=invoices"],
        ["--extra", "more"],
        ["--extra", "more", "--metrics", "RR@10"],
        ["--metrics", "RR@10", "--limit", "2"],
    ],
    ids=str,
)
def test_the_set_may_come_last_after_an_option_of_several_words(
    folder: Path, more: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 6)
    assert main(["evaluate", "--reranker", "none", *more, str(folder)]) == 0
    assert "RR@10" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["data@v2", "split=test"])
@pytest.mark.parametrize(
    "more",
    [
        ["--metrics", "RR@10"],
        ["--fail-under", "RR@10=0.1"],
        ["--extra", "more", "query=invoices"],
        ["--metrics", "RR@10", "--"],
    ],
    ids=str,
)
def test_the_set_may_come_last_whatever_it_is_called(
    folder: Path,
    name: str,
    more: list[str],
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_documents(folder, monkeypatch, 6)
    place = folder.rename(tmp_path_factory.mktemp("sets") / name)
    assert main(["evaluate", "--reranker", "none", *more, str(place)]) == 0
    assert "RR@10" in capsys.readouterr().out


@pytest.mark.parametrize(
    "more",
    [
        [],
        ["--metrics", "RR@10"],
        ["--metrics", "RR@10", "BLEU@2"],
        ["--metrics", "RR@10", "data@v2"],
        ["--extra", "more", f"query={'long ' * 100}"],
    ],
    ids=lambda words: str(words)[:50],
)
def test_without_a_set_it_asks_for_one(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", *more]) == 2
    told = capsys.readouterr().err
    assert "Give a folder or a CSV of labelled questions, and put it first: evaluate SET" in told


def test_a_second_set_is_refused_also_after_two_dashes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", str(folder), "--metrics", "RR@10", "--", "another"])
    assert stopped.value.code == 2 and "unrecognized arguments: another" in capsys.readouterr().err


def test_the_usage_asks_for_the_set_first(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    assert "usage: second-pass evaluate SET [options]\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "minimums",
    [
        ["--fail-under", "RR@10=0.51", "P@1=0"],
        ["--fail-under", "P@1=0", "RR@10=0.51"],
        ["--fail-under", "RR@10=0.51", "--fail-under", "P@1=0"],
        ["--fail-under", "RR@10=0.51,P@1=0"],
    ],
    ids=str,
)
def test_each_minimum_and_metric_counts_however_they_are_separated(
    folder: Path, minimums: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    as_metrics = {"--fail-under": "--metrics", "RR@10=0.51": "R@3", "P@1=0": "P@3", "RR@10=0.51,P@1=0": "R@3,P@3"}
    metrics = [as_metrics[word] for word in minimums]
    assert evaluate(folder, *minimums, *metrics, "--format", "json") == 1
    told = capsys.readouterr()
    assert "FAILED: RR@10" in told.err
    assert {"R@3", "P@3", "RR@10", "P@1"} <= set(Report.read(told.out).metrics)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--first-pass-weights", "0.3", "0.1"], "--first-pass-weights needs a first pass"),
        (
            ["--first-pass", "late-interaction", "4", "--first-pass-weights", "2", "0"],
            "--first-pass-weights should be 1 or less",
        ),
        (
            ["--first-pass", "late-interaction", "4", "--first-pass-weights", "0", "nan"],
            "--first-pass-weights should be a number",
        ),
    ],
    ids=str,
)
def test_weights_that_cannot_be_are_refused_before_anything_is_indexed(
    folder: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 6)
    assert main(["evaluate", str(folder), "--pool", "2", *more]) == 2
    assert said in capsys.readouterr().err and not (folder / "data").exists()


def test_a_judged_document_that_the_collection_lacks_is_noted(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 1)

    assert main(["evaluate", str(folder), "--reranker", "none"]) == 0
    assert "5 graded documents are not in" in capsys.readouterr().out
    assert main(["evaluate", str(folder), "--pool", "0"]) == 2
    assert main(["evaluate", str(folder), "--collection", "Nowhere"]) == 2


def test_it_says_how_many_requests_went_to_services_where_it_fails_too(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_documents(folder, monkeypatch, 6)
    monkeypatch.setenv("RERANK_API_KEY", KEY)
    with running() as service:
        monkeypatch.setenv("RERANK_URL", f"{service.address}/jina-shaped")
        command = ["evaluate", str(folder), "--reranker", "jina-shaped"]
        service.faults = [Fault(), Fault(400)]
        assert main(command) == 2
        assert service.requests == 2
        assert "Requests: 2. 2 to" in capsys.readouterr().err
        assert main(command) == 0
        assert "Requests: 5. 5 to" in capsys.readouterr().err
        assert service.requests == 2 + 5


def test_long_documents_are_cut_into_passages_and_ranked_by_their_best_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_documents(folder, monkeypatch, 6)
    filler = " ".join(f"Line {n} of the ledger tells of grain, rope and harbour dues." for n in range(120))
    lines = [
        {"_id": f"d{n}", "text": f"{filler}\n\n# Notes\n\nThe code of topic {n} is {topic}, as agreed."}
        for n, topic in enumerate(TOPICS)
    ]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    asked = [{"_id": f"q{n}", "text": f"what is the code of {topic}"} for n, topic in enumerate(TOPICS)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in asked))
    out = folder / "out"
    command = ["evaluate", str(folder), "--metrics", "RR@10", "--out", str(out), "--format", "json"]
    assert main(command) == 0
    report = Report.read(capsys.readouterr().out)
    assert report.collection is not None and report.collection.passages > 4 * len(TOPICS)
    ranked = [line.split() for line in (out / "adjusted.run").read_text().splitlines()]
    assert {line[0]: line[2] for line in ranked if line[3] == "1"} == {f"q{n}": f"d{n}" for n in range(6)}
    assert len({(line[0], line[2]) for line in ranked}) == len(ranked)
