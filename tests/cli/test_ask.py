"""`second-pass ask` and `second-pass index`, as they are typed."""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from rag_core.cli.main import main
from rag_core.corpus import lines
from rag_core.rerank.installed_default import make_default
from rag_core.schema.policy import DEFAULT_FIRST_PASS
from rag_core.schema.trace import Trace
from tests.rerank.conformance_server import KEY, running

QUESTION = "How long do refunds take?"


@pytest.fixture
def handbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four documents and a file that cannot be read; collections are kept beside them."""
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "refunds.md").write_text("# Refunds\n\nRefunds take 30 days on annual plans.")
    (folder / "shipping.md").write_text("# Shipping\n\nWe ship worldwide in five days.")
    (folder / "passwords.txt").write_text("Passwords have twelve characters or more.")
    (folder / "office.txt").write_text("The office is closed on Sundays and in August.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    return folder


def test_it_prints_the_sentence_the_answer_and_what_was_kept(handbook, capsys):
    assert main(["ask", QUESTION, str(handbook), "--top-k", "1"]) == 0
    shown = capsys.readouterr()
    sentence, *notes, answer, kept = shown.out.strip().split("\n\n")
    assert all(one.startswith("Note on ") for one in notes)
    assert "Best score: probability" in sentence and "answers with probability" in sentence
    assert answer == "“Refunds take 30 days on annual plans.” [1]"
    assert kept.startswith("[1] Refunds (refunds.md)\n    ranks: dense 1, lexical 1, ")
    assert "Left out: broken.pdf" in shown.err
    assert not (handbook.parent / "data").exists()


def test_the_trace_can_be_printed_and_read_back(handbook, capsys):
    assert main(["ask", QUESTION, str(handbook), "--json", "--reranker", "none"]) == 0
    trace = Trace.read(capsys.readouterr().out)
    assert (trace.query, trace.collection.name, trace.policy.reranker) == (QUESTION, "handbook", "none")


def test_nothing_relevant_is_i_dont_know(handbook, capsys):
    assert main(["ask", "Who won the football match in Lima?", str(handbook)]) == 0
    assert "[1]" not in capsys.readouterr().out
    assert main(["ask", "Who won the football match in Lima?", str(handbook), "--threshold", "0"]) == 0
    assert "[1]" in capsys.readouterr().out


def test_an_indexed_folder_is_asked_by_its_name(handbook, capsys):
    assert main(["index", str(handbook), "--name", "Handbook"]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"Handbook: 4 documents, 4 passages, in {handbook.parent / 'data' / 'collections'}\n"
    assert "Left out: broken.pdf" in shown.err

    assert main(["ask", QUESTION, "--collection", "Handbook"]) == 0
    assert "“Refunds take 30 days on annual plans.” [1]" in capsys.readouterr().out


def test_a_collection_is_replaced_only_where_that_is_asked_for(handbook, capsys):
    again = ["index", str(handbook), "--name", "Handbook"]
    assert [main(again), main(again), main([*again, "--replace"])] == [0, 2, 0]
    capsys.readouterr()
    assert main(["index", str(handbook), "--name", "Handbook"]) == 2  # before anything is read
    (line,) = capsys.readouterr().err.splitlines()
    assert "There is a collection called 'Handbook' already. Add --replace or --add" in line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere"], "nowhere is not a folder"),
        (["{empty}"], "No file below"),
        (["--collection", "Nothing"], "Nothing"),
        (["{empty}", "--collection", "Handbook"], "Give either a folder or --collection."),
        (["{handbook}", "--top-k", "0"], "--top-k should be 1 or more."),
        (["{handbook}", "--reranker", "nobody"], "There is no reranker 'nobody'"),
        (["{handbook}", "--reranker", "none", "--threshold", "0.02"], "There is no threshold without a reranker"),
        (["{handbook}", "--reranker", "second-pass-minilm-v2"], "second-pass-minilm-v2 no longer ships"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(handbook, tmp_path, options, said, capsys):
    (tmp_path / "empty").mkdir()
    given = [one.format(empty=tmp_path / "empty", handbook=handbook) for one in options]
    assert main(["ask", QUESTION, *given]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("between", [["--top-k", "1"], ["--json"], ["--top-k", "1", "--"]], ids=str)
def test_options_may_stand_between_the_question_and_the_folder(handbook, between, capsys):
    assert main(["ask", QUESTION, *between, str(handbook)]) == 0
    one_way = capsys.readouterr().err
    assert main(["ask", QUESTION, str(handbook), *between]) == 0
    assert one_way == capsys.readouterr().err and str(handbook) in one_way


def test_without_a_reranker_a_threshold_of_0_keeps_all(handbook, capsys):
    assert main(["ask", QUESTION, "--reranker", "none", "--threshold", "0", str(handbook)]) == 0
    assert "[1]" in capsys.readouterr().out


def _no_folder():
    raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")


@pytest.mark.parametrize(
    ("temporary", "why"),
    [
        pytest.param(
            partial(Path("/dev/full").open, "w+b"),
            "No space left on device",
            marks=pytest.mark.skipif(
                not Path("/dev/full").exists(), reason="only Linux has a disk that is always full"
            ),
        ),
        (_no_folder, "No usable temporary directory found"),
    ],
)
@pytest.mark.parametrize("more", ["", " It is said at length." * 9000], ids=["at the end", "half-way"])
def test_where_temporary_files_have_no_room_it_says_what_to_do(handbook, monkeypatch, capsys, temporary, why, more):
    (handbook / "terms.txt").write_text(f"Terms apply.{more}")
    monkeypatch.setattr(lines, "tempfile", SimpleNamespace(TemporaryFile=temporary))
    assert main(["ask", QUESTION, str(handbook), "--reranker", "none"]) == 2
    said = capsys.readouterr().err
    assert f"({why}). Free some space there, or set TMPDIR" in said


def test_without_a_folder_it_asks_the_sample(tmp_path, monkeypatch, capsys):
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "refunds.md").write_text("# Refunds\n\nRefunds take 30 days.")
    monkeypatch.setenv("SECOND_PASS_SAMPLE_DIR", str(tmp_path))
    assert main(["ask", QUESTION]) == 0
    assert "(refunds.md)" in capsys.readouterr().out


def test_it_says_how_many_requests_went_to_services(handbook, capsys, monkeypatch):
    with running() as service:
        monkeypatch.setenv("RERANK_API_KEY", KEY)
        monkeypatch.setenv("RERANK_URL", f"{service.address}/jina-shaped")
        assert main(["ask", QUESTION, str(handbook), "--reranker", "jina-shaped"]) == 0
        assert service.requests == 1
    shown = capsys.readouterr().out
    assert "Requests: 1. Rerank: 1 to" in shown and "[1] Refunds" in shown
    assert main(["ask", QUESTION, str(handbook)]) == 0
    assert "Requests:" not in capsys.readouterr().out


def test_without_a_reranker_named_the_run_has_the_default_passes(handbook, capsys):
    for options, first_pass, pool in (
        ([], "late-interaction", 10),
        (["--pool", "3"], "late-interaction", 3),
        (["--reranker", "late-interaction"], None, 50),
    ):
        assert main(["ask", QUESTION, str(handbook), "--json", *options]) == 0
        policy = Trace.read(capsys.readouterr().out).policy
        assert (policy.first_pass and policy.first_pass.reranker, policy.pool) == (first_pass, pool)


def test_the_default_of_the_installation_is_used_where_none_is_named(handbook, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "own"))
    make_default(tmp_path / "own", "second-pass-minilm-v3")
    assert main(["ask", QUESTION, str(handbook), "--json"]) == 0
    policy = Trace.read(capsys.readouterr().out).policy
    assert (policy.reranker, policy.first_pass, policy.pool) == ("second-pass-minilm-v3", DEFAULT_FIRST_PASS, 10)
    assert main(["ask", QUESTION, str(handbook), "--json", "--reranker", "none"]) == 0
    assert Trace.read(capsys.readouterr().out).policy.reranker == "none"
