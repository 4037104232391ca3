"""`second-pass inspect` and `second-pass triage`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_core.cli.main import main
from rag_core.runs.as_trace import trace_of
from rag_core.wording.headline import headline
from tests.cli.test_ask import QUESTION, handbook  # noqa: F401 - a fixture
from tests.runs.importers.test_registry import LANGFUSE, PHOENIX, TABLE
from tests.runs.odd_runs import ODD, odd_run
from tests.runs.samples import a_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs of a pipeline and a line that is none."""
    path = tmp_path / "runs.jsonl"
    old, new = a_run("old", "Where do you ship?"), a_run("new", hours=1)
    path.write_text(f"{new.to_json()}\nnonsense\n{old.to_json()}\n")
    return path


def printed(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    code = main([str(word) for word in words])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.mark.parametrize("command", [["inspect"], ["triage", "--expect", "refunds.md"]], ids=str)
def test_without_a_reranker_a_threshold_is_refused(command, handbook, capsys):  # noqa: F811
    code, out, err = printed(capsys, *command, QUESTION, "--reranker", "none", "--threshold", "0.02", handbook)
    assert (code, out) == (2, "") and "There is no threshold without a reranker" in err


def test_a_question_s_steps_are_printed(handbook, capsys):  # noqa: F811
    code, out, _ = printed(capsys, "inspect", QUESTION, handbook, "--top-k", "1")
    sentence, steps, *_, kept = out.strip().split("\n\n")
    assert code == 0 and "Best score: probability" in sentence
    assert [line.split()[0] for line in steps.splitlines()] == [
        "step", "dense", "lexical", "fused", "first_pass", "reranked", "adjusted", "kept",
    ]  # fmt: skip
    assert kept.startswith("[1] Refunds (refunds.md)\n    ranks: dense 1, lexical 1, ")


def test_nothing_kept_is_exit_code_1(handbook, capsys):  # noqa: F811
    assert printed(capsys, "inspect", "Who won the football match in Lima?", handbook)[0] == 1


@pytest.mark.parametrize("name", ODD)
def test_every_recorded_run_is_printed_and_told(name, tmp_path, capsys):
    path = tmp_path / "run.json"
    path.write_text(odd_run(name).to_json())
    trace = trace_of(odd_run(name))
    code, out, _ = printed(capsys, "inspect", "--run", path, "--json")
    told = json.loads(out)
    assert (code, told["headline"]) == (int(trace.unknown), headline(trace))
    assert [one["name"] for one in told["steps"]] == [step.name for step in trace.steps]
    assert [one["passage_id"] for one in told["kept"]] == [one.passage.id for one in trace.kept]
    noted = [(step.name, one.code, one.message) for step in trace.steps for one in step.warnings]
    assert [(one["step"], one["code"], one["message"]) for one in told["warnings"]] == noted
    assert all(step.name in printed(capsys, "inspect", "--run", path)[1] for step in trace.steps)
    for document in [*trace.passages][:3]:
        code, out, _ = printed(capsys, "triage", "--run", path, "--expect", document, "--json")
        told = json.loads(out)
        assert code == (0 if told["verdict"] == "kept" else 1)
        assert told["kept"] == (code == 0) and told["passage_id"] == document
        text = printed(capsys, "triage", "--run", path, "--expect", document)[1]
        assert " ".join(told["sentence"].split()) in " ".join(text.split())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("phoenix.json", json.dumps(PHOENIX)),
        ("langfuse.json", json.dumps(LANGFUSE)),
        ("table.json", json.dumps(TABLE[:3])),
        ("trace.json", trace_of(a_run()).to_json()),
    ],
)
def test_every_format_is_opened(name, data, tmp_path, capsys):
    (tmp_path / name).write_text(data)
    code, out, _ = printed(capsys, "inspect", "--run", tmp_path / name)
    assert code == 0 and "[1] " in out


def test_a_run_of_several_is_chosen(runs, capsys):
    code, out, err = printed(capsys, "inspect", "--run", runs, "--json")
    assert (code, json.loads(out)["query"]) == (0, "How long do refunds take?")
    assert "2 runs; this is the newest" in err and "Left out: Line 2" in err
    assert "  new  2" in err and "UTC  “Where do you ship?”" in err
    assert json.loads(printed(capsys, "inspect", "--run", runs, "--run-id", "old", "--json")[1])["query"] == (
        "Where do you ship?"
    )
    assert '"Where do you ship?"' in printed(capsys, "inspect", "Where do you ship?", "--run", runs, "--json")[1]
    code, _, err = printed(capsys, "inspect", "Who?", "--run", runs)
    assert code == 2 and "“Where do you ship?”" in err


def test_the_run_that_is_shown_says_which_it_is(runs, capsys):
    which, sentence = printed(capsys, "inspect", "--run", runs, "--run-id", "ne")[1].split("\n\n")[:2]
    assert which.startswith("“How long do refunds take?” · ") and which.endswith(" UTC · run new")
    assert sentence[0].isupper()


def test_an_id_may_be_cut_short_where_one_run_begins_so(tmp_path, capsys):
    path = tmp_path / "runs.jsonl"
    path.write_text("".join(f"{a_run(one).to_json()}\n" for one in ("4f2a", "4f2b", "4f", "9c")))
    given = ("inspect", "--run", path, "--json", "--run-id")
    assert [json.loads(printed(capsys, *given, one)[1])["run_id"] for one in ("9", "4f2b", "4f")] == [
        "9c",
        "4f2b",
        "4f",
    ]
    code, _, err = printed(capsys, *given, "4f2")
    assert code == 2 and "2 runs begin with 4f2" in err and "  4f2a  " in err and "  9c  " not in err
    code, _, err = printed(capsys, *given, "77")
    assert code == 2 and "no such run" in err and all(f"  {one}  " in err for one in ("4f2a", "4f2b", "4f", "9c"))


def test_a_document_called_by_its_id_is_named_once(tmp_path, capsys):
    path = tmp_path / "run.json"
    step = {"name": "reranked", "kind": "rerank", "hits": [{"passage_id": "doc-7", "title": "doc-7"}]}
    path.write_text(json.dumps({"project": "bot", "query": "q", "steps": [step]}))
    assert "[1] doc-7\n" in printed(capsys, "inspect", "--run", path)[1]


def test_the_verdict_on_a_recorded_run_names_its_step_and_the_change_that_keeps_it(runs, capsys):
    code, out, _ = printed(capsys, "triage", "--run", runs, "--run-id", "new", "--expect", "a")
    assert code == 1 and out.startswith("Demoted by the reranker\n“a” was 1st")
    assert "What would have kept it: Keeping the first 2 of reranked instead of 1 keeps it, 2nd." in out
    told = json.loads(printed(capsys, "triage", "--run", runs, "--run-id", "new", "--expect", "a", "--json")[1])
    assert (told["verdict"], told["before"], told["lost_at"]) == ("demoted", "lexical", "reranked")
    assert told["what_would_keep"]["changes"] == [[{"setting": "top_k", "label": "Top-k", "before": "1", "after": "2"}]]
    assert printed(capsys, "triage", "--run", runs, "--run-id", "new", "--expect", "c")[0] == 0


def test_a_question_over_documents_is_triaged(handbook, capsys):  # noqa: F811
    asked = ("triage", QUESTION, handbook, "--top-k", "1")
    assert printed(capsys, *asked, "--expect", "refunds.md")[0] == 0
    code, out, _ = printed(capsys, *asked, "--expect", "shipping.md", "--json", "--threshold", "0")
    told = json.loads(out)
    assert code == 1 and told["verdict"] in ("demoted", "cut-by-top-k")
    assert "keeps it" in told["what_would_keep"]["sentence"] and told["ranks"][0]["step"] == "dense"
    code, out, err = printed(capsys, *asked, "--expect", "Shiping")
    assert (code, out) == (2, "") and "has no document “Shiping”. Did you mean shipping.md" in err
    code, out, err = printed(capsys, *asked, "--expect", "qqq", "--json")
    assert (code, out) == (2, "") and "No title or id resembles it." in err


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("payment", "payment.md"),
        ("Payments.md", "payment.md"),
        ("refunds", "policies/refunds.md"),
        ("refund of cards", "policies/cards.md"),
        ("returns", "returns.md"),
        ("doc-8", None),
        ("shipping.md", None),
    ],
)
def test_a_name_that_is_nearly_one_of_the_run_is_asked_about(name, near, tmp_path, capsys):
    hits = [
        {"passage_id": "payment.md", "text": "Cards."},
        {"passage_id": "1", "document_id": "policies/refunds.md"},
        {"passage_id": "2", "document_id": "policies/cards.md", "title": "Refunds of cards"},
        {"text": "Thirty days.", "source": "returns.md"},
        {"passage_id": "doc-7"},
    ]
    path = tmp_path / "run.json"
    step = {"name": "dense", "kind": "search", "hits": hits}
    path.write_text(json.dumps({"project": "bot", "query": "q", "steps": [step]}))
    code, out, err = printed(capsys, "triage", "--run", path, "--expect", name)
    if near:
        assert (code, out) == (2, "") and f"The run has no document “{name}”. Did you mean {near}?" in err
    else:
        assert code == 1 and out and "Did you mean" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["inspect"], "Give a question, or a recorded run"),
        (["triage", "--expect", "a"], "Give a question, or a recorded run"),
        (["inspect", "a", "--run-id", "7"], "--run-id names a run of a file"),
        (["inspect", "a", "--index", "Wiki", "--embedder", "packaged"], "Leave --embedder out"),
        (["triage", "a", "--index", "Wiki", "--words-only", "--expect", "a"], "--words-only needs --collection"),
        (["inspect", "--run", "nowhere.json"], "nowhere.json cannot be read"),
        (["inspect", "--run", "{tmp}/runs.jsonl", "--collection", "Handbook"], "Give either --run or the documents"),
        (["triage", "--run", "{tmp}/runs.jsonl", "--run-id", "none", "--expect", "a"], "has no such run"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(runs, tmp_path, words, said, capsys):
    code, _, err = printed(capsys, *(word.format(tmp=tmp_path) for word in words))
    assert code == 2 and said in err


@pytest.mark.parametrize("command", [("inspect",), ("triage", "--expect", "a")])
@pytest.mark.parametrize(
    "option",
    [
        ("--top-k", "1"),
        ("--pool", "9"),
        ("--reranker", "none"),
        ("--threshold", "0.0"),
        ("--embedder", "packaged"),
        ("--words-only",),
        ("--uncalibrated",),
    ],
)
def test_settings_of_a_question_are_refused_for_a_recorded_run(command, option, runs, capsys):
    code, _, said = printed(capsys, *command, "--run", runs, *option)
    assert code == 2 and f"{option[0]} cannot be given with --run" in said and "Inspect page" in " ".join(said.split())


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["ask", ""], "Type a question first"),
        (["ask", " "], "Type a question first"),
        (["inspect", " "], "Type a question first"),
        (["triage", "x" * 5000, "--expect", "refunds.md"], "are read at most"),
        (["triage", QUESTION, "--expect", " "], "Name the document"),
        (["ask", QUESTION, "--threshold", "5"], "--threshold should be from 0 to 1"),
        (["ask", QUESTION, "--threshold", "-0.1"], "--threshold should be from 0 to 1"),
        (["ask", QUESTION, "--reranker", "late-interaction", "--threshold", "5"], "kind “maxsim”"),
        (["inspect", QUESTION, "--threshold", "5"], "--threshold should be from 0 to 1"),
        (["triage", QUESTION, "--expect", "refunds.md", "--threshold", "5"], "--threshold should be from 0 to 1"),
    ],
)
def test_a_slip_is_told_before_anything_is_indexed(handbook, capsys, command, told):  # noqa: F811
    code, out, err = printed(capsys, *command[:2], handbook, *command[2:])
    assert (code, out) == (2, "") and told in err and "Indexing" not in err
