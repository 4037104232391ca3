"""`second-pass triage --case`: a saved case again, on its own collection and on another one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_core.corpus.storage import own_model
from rag_core.corpus.storage.visible import shared_library
from rag_core.diagnosis import Expected, diagnose, locate
from rag_core.pipeline.pipeline import Pipeline
from rag_core.schema.policy import Policy
from rag_core.settings import Settings
from rag_core.storage.database import Store
from rag_core.triage import Case, CaseBook, Finding, case_of
from tests.cli.test_ask import QUESTION, handbook  # noqa: F401 - a fixture
from tests.cli.test_inspect_and_triage import printed
from tests.triage.samples import a_case


def book() -> CaseBook:
    return CaseBook(Store.from_settings(Settings()))


def indexed(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "index", folder, "--name", name)[0] == 0


@pytest.fixture
def case(handbook: Path, capsys: pytest.CaptureFixture[str]) -> Case:  # noqa: F811
    """A case on the saved collection “Handbook”: shipping.md was expected and cut by top-k."""
    indexed(handbook, "Handbook", capsys)
    settings = Settings()
    collection, embedder = own_model.opened(shared_library(settings), "Handbook", settings)
    trace = Pipeline(collection, embedder).run(QUESTION, Policy(reranker="none", first_pass=None, top_k=1))
    location = locate(collection, Expected(document="shipping.md"))
    return book().save(case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))]))


WITHOUT = ("--reranker", "none", "--pool", "10")


def test_a_case_is_run_on_its_own_collection_and_the_rerun_is_kept(case: Case, capsys) -> None:
    code, out, _ = printed(capsys, "triage", "--case", case.id[:8], *WITHOUT, "--top-k", "1")
    assert code == 1 and out.startswith(f"“{QUESTION}”: still lost. Then: ") and "Run on" not in out
    (kept,) = book().reruns_of(case.id).found
    assert (kept.outcome, kept.elsewhere) == ("still lost", None)


def test_it_is_run_on_another_collection_that_is_named(case: Case, handbook: Path, capsys) -> None:  # noqa: F811
    indexed(handbook, "Copy", capsys)
    code, out, _ = printed(capsys, "triage", "--case", case.id, "--collection", "Copy", *WITHOUT, "--top-k", "1")
    assert code == 1 and "Run on “Copy”, not on the “Handbook” that the case was saved on." in " ".join(out.split())
    code, out, _ = printed(capsys, "triage", "--case", case.id, "--collection", "Copy", "--json", *WITHOUT)
    told = json.loads(out)
    assert (told["saved_on"], told["collection"], told["case"]) == ("Handbook", "Copy", case.id)
    assert {row.elsewhere for row in book().find().found} == {"Copy"}


def test_a_case_whose_collection_is_gone_says_what_to_name(case: Case, handbook: Path, capsys) -> None:  # noqa: F811
    assert printed(capsys, "index", handbook, "--name", "Copy")[0] == 0
    shared_library(Settings()).remove("Handbook")
    code, out, err = printed(capsys, "triage", "--case", case.id, *WITHOUT)
    assert (code, out) == (2, "") and "“Handbook” that this case was saved on is not here" in err
    assert not book().reruns_of(case.id).found
    assert printed(capsys, "triage", "--case", case.id, "--collection", "Copy", *WITHOUT, "--top-k", "1")[0] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["triage", "--case", "nosuch"], "There is no case nosuch"),
        (["triage", "--case", "a", "--expect", "refunds.md"], "Leave out: expect"),
        (["triage", QUESTION, "--case", "a"], "Leave out: question"),
        (["triage", "--case", "a", "--where", "source=policy"], "Leave out: where"),
        (["triage", QUESTION], "Name the document"),
    ],
)
def test_what_cannot_be_is_refused_in_words(handbook: Path, words, said, capsys) -> None:  # noqa: F811
    code, out, err = printed(capsys, *words)
    assert (code, out) == (2, "") and said in err


def test_an_id_that_several_begin_with_is_not_enough(handbook: Path, capsys) -> None:  # noqa: F811
    for end in "12":
        book().save(a_case().model_copy(update={"id": "ab" * 15 + f"0{end}"}))
    code, _, err = printed(capsys, "triage", "--case", "abab")
    assert code == 2 and "The ids of 2 cases begin with abab" in err
