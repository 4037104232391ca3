"""`python -m rag_core calibrate`: fit, keep, use in `ask`, list and remove, without scoring a pair twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from rag_core.cli.main import main
from rag_core.evaluation.calibration_book import CalibrationBook, calibrations
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.trace import Trace
from rag_core.settings import Settings
from rag_core.storage.database import Store
from tests.rerank.conformance_server import KEY, running

TOPICS = ("refunds", "invoices", "passwords", "outages", "webhooks", "holidays", "backups", "licences")
QUESTION = "how do refunds work"
LATE = ("--reranker", "late-interaction")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set of 32 questions about eight documents, eight of them about nothing that is there; the documents are kept as
    the collection Handbook."""
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "handbook").mkdir()
    for topic in TOPICS:
        (tmp_path / "handbook" / f"{topic}.md").write_text(f"# {topic.title()}\n\nHow {topic} work is told here.\n")
    asked = [f"{how} {topic} work" for how in ("how do", "tell me how", "when do") for topic in TOPICS]
    strange = [f"who painted the {thing}" for thing in "abcdefgh"]
    queries = [{"_id": str(at), "text": text} for at, text in enumerate(asked)]
    queries += [{"_id": f"u{at}", "text": text, "kind": "unanswerable"} for at, text in enumerate(strange)]
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in queries))
    rows = "".join(f"{at}\t{TOPICS[at % 8]}.md\t1\n" for at in range(len(asked)))
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{rows}")
    assert main(["index", str(tmp_path / "handbook"), "--name", "Handbook"]) == 0
    return folder


def calibrate(*more: str) -> int:
    return main(["calibrate", *more, "--collection", "Handbook"])


def asked(capsys: pytest.CaptureFixture[str], *more: str) -> Trace:
    main(["ask", QUESTION, "--collection", "Handbook", *LATE, "--json", *more])
    return Trace.read(capsys.readouterr().out)


def test_what_is_kept_is_used_until_it_is_removed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate(str(folder), *LATE) == 0
    told = capsys.readouterr().out
    assert "32 questions" in told and "Brier score" in told and "| probability of the best |" in told

    trace = asked(capsys)
    assert trace.relevance_space is ScoreSpace.PROBABILITY and trace.policy.calibration
    assert trace.policy.threshold.space is ScoreSpace.PROBABILITY and trace.policy.threshold.minimum
    plain = asked(capsys, "--uncalibrated")
    assert plain.relevance_space is ScoreSpace.MAXSIM and plain.policy.calibration is None
    assert list(plain.relevance) == list(trace.relevance)

    assert calibrate("--list") == 0
    assert "late-interaction" in capsys.readouterr().out
    assert calibrate("--remove", "late-interaction") == 0
    assert calibrate("--remove", "late-interaction") == 1
    capsys.readouterr()
    assert asked(capsys).policy.calibration is None


def test_what_is_kept_is_used_on_another_collection_by_choice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", str(folder.parent / "handbook"), "--name", "Copy"]) == 0
    assert main(["calibrate", "--collection", "Copy", "--like", "Handbook"]) == 1
    assert calibrate(str(folder), *LATE) == 0
    capsys.readouterr()
    assert asked(capsys, "--collection", "Copy").policy.calibration is None
    assert main(["calibrate", "--collection", "Copy", "--like", "Handbook"]) == 0
    assert "late-interaction: as on Handbook, kept on Copy too" in capsys.readouterr().out
    assert asked(capsys, "--collection", "Copy").policy.calibration == asked(capsys).policy.calibration


@pytest.mark.parametrize(
    "more",
    [
        ["--collection", "Kopy", "--like", "Handbook"],
        ["--index", "Kopy", "--like", "Handbook"],
        ["--collection", "Handbook", "--like", "Kopy"],
        ["--collection", "Kopy", "--list"],
        ["--collection", "Kopy", "--remove", "late-interaction"],
    ],
)
def test_a_name_that_nothing_has_is_said(folder: Path, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    store = Store.from_settings(Settings())
    assert calibrate(str(folder), *LATE) == 0
    capsys.readouterr()
    assert main(["calibrate", *more]) == 2
    assert "There is no collection or index called 'Kopy'. There are: Handbook." in capsys.readouterr().err
    assert CalibrationBook(store).collections("late-interaction") == ["Handbook"]


def test_a_calibration_that_cannot_be_read_is_said_and_not_denied(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["index", str(folder.parent / "handbook"), "--name", "Copy"]) == 0
    assert calibrate(str(folder), *LATE) == 0
    with Store.from_settings(Settings()).begin() as connection:
        connection.execute(sa.update(calibrations).values(record="{}"))
    for more, code in (
        (["--list", "--collection", "Handbook"], 0),
        (["--like", "Handbook", "--collection", "Copy"], 1),
    ):
        capsys.readouterr()
        assert main(["calibrate", *more]) == code
        told = capsys.readouterr()
        assert "Left out: late-interaction" in told.err and "No reranker is calibrated" not in told.out


def test_a_try_keeps_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate(str(folder), *LATE, "--try") == 0
    capsys.readouterr()
    assert calibrate("--list") == 0
    assert "No reranker is calibrated on Handbook" in capsys.readouterr().out


def test_graded_documents_that_the_collection_does_not_have_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "qrels.tsv").open("a") as grades:
        grades.write("0\tdocs/uk.md\t1\n1\tdocs/fr.md\t1\n")
    assert calibrate(str(folder), *LATE, "--try") == 0
    told = "2 graded documents are not in Handbook, 'docs/uk.md' first; they count as never found."
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--reranker", "none"], "Without a reranker"),
        (["--reranker", "cohere:rerank-v3.5"], "cannot be used. No key"),
        ([*LATE, "--answer-from", "2"], "The grades of the set are 1."),
        ([*LATE, "--answer-from", "0"], "--answer-from 0 makes no passage an answer"),
        ([*LATE, "--index", "Wiki"], "Give either --index or --collection."),
    ],
)
def test_what_cannot_be_fitted_is_told_before_anything_is_scored(
    folder: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COHERE_API_KEY", raising=False)
    capsys.readouterr()
    assert calibrate(str(folder), *more) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_too_few_questions_are_told_before_anything_is_scored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (folder / "queries.jsonl").read_text().splitlines(keepends=True)
    (folder / "queries.jsonl").write_text("".join(lines[:8]))
    rows = (folder / "qrels.tsv").read_text().splitlines(keepends=True)
    (folder / "qrels.tsv").write_text("".join(rows[:9]))
    capsys.readouterr()
    assert calibrate(str(folder), *LATE) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "8 questions of set are too few" in line


def test_bad_input_says_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate() == 2
    assert "labelled questions" in capsys.readouterr().err


def test_a_service_s_scores_are_fitted_without_asking_it_twice(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RERANK_API_KEY", KEY)
    with running() as service:
        monkeypatch.setenv("RERANK_URL", f"{service.address}/jina-shaped")
        served = ("--reranker", "jina-shaped")
        assert calibrate(str(folder), *served, "--try") in (0, 2)
        first = service.requests
        assert first == 32 and "Requests: 32." in capsys.readouterr().err
        assert calibrate(str(folder), *served) in (0, 2)
        capsys.readouterr()
        assert service.requests == first
