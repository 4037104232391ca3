"""What earlier versions of Second Pass have stored can still be read."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_core.corpus.lines import Lines
from rag_core.corpus.storage import earlier_files
from rag_core.corpus.storage.library import Library
from rag_core.diagnosis import Verdict
from rag_core.diagnosis.facts import Recorded
from rag_core.errors import BadTrace, CollectionError
from rag_core.evaluation.judgments import JudgmentBook
from rag_core.evaluation.report import Report
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.finetune.models import OLD_RECORD, fine_tuned_models, keep_record
from rag_core.jobs import JobBook
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.catalogue import get_reranker
from rag_core.schema.chunking import Chunking
from rag_core.schema.policy import Policy
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from rag_core.storage.database import Store
from rag_core.triage import CaseBook, RerunOutcome, RunScorer, export_cases, read_cases, rerun_recorded
from rag_core.triage.case import RERUN
from rag_core.wording.recorded_verdicts import to_record
from rag_core.wording.rivals import note_text, why
from rag_core.wording.verdicts import sentence
from tests.corpus.doubles import TokenEmbedder, WordEmbedder

GOLDEN = Path(__file__).parent
REWORDED = {"passage 2 against 1": "given as passage 2, the expected one as passage 1"}
"""What earlier versions said of a rival in other words."""


def test_a_trace_of_version_1_opens_as_what_it_was():
    text = (GOLDEN / "trace" / "v1.json").read_text(encoding="utf-8")
    old, trace = json.loads(text), Trace.read(text)
    assert trace.version == 3 and trace.query == old["query"]
    assert [hit.passage_id for hit in trace[StepName.FUSED].hits] == [
        hit["chunk_id"] for stage in old["stages"] if stage["name"] == "fused" for hit in stage["hits"]
    ]
    assert {key: passage.text for key, passage in trace.passages.items()} == {
        key: chunk["text"] for key, chunk in old["chunks"].items()
    }
    assert Trace.read(trace.to_json()) == trace


def test_a_trace_of_version_2_opens_with_the_kind_and_the_inputs_of_each_step():
    text = (GOLDEN / "trace" / "v2.json").read_text(encoding="utf-8")
    old, trace = json.loads(text), Trace.read(text)
    lists = [f"{run['name']} {name}" for run in old["extra_searches"] for name in ("dense", "lexical")]
    assert [(step.name, step.kind, step.inputs) for step in trace.steps] == [
        ("dense", "search", ()),
        ("lexical", "search", ()),
        ("fused", "fusion", ("dense", "lexical", *lists)),
        ("first_pass", "rerank", ("fused",)),
        ("reranked", "rerank", ("first_pass",)),
        ("adjusted", "adjust", ("reranked",)),
        ("kept", "select", ("adjusted",)),
    ]
    assert [step.hits_in for step in trace.steps] == [step["inputs"] for step in old["steps"]]
    assert Trace.read(trace.to_json()) == trace
    assert Trace.read((GOLDEN / "trace" / "v1.json").read_text(encoding="utf-8")) == trace


@pytest.mark.parametrize(("name", "cases"), [("v2.jsonl", 29), ("v2-runs.jsonl", 26)])
def test_a_case_file_of_version_2_says_as_data_what_it_said_in_sentences(name, cases):
    text = (GOLDEN / "case" / name).read_text(encoding="utf-8")
    old, found = [json.loads(line)["case"] for line in text.splitlines()], read_cases(text)
    assert found.problems == () and len(found.cases) == len(old) == cases
    for before, case in zip(old, found.cases, strict=True):
        (said,), (finding,) = before["findings"], case.findings
        diagnosis, said = finding.diagnosis, said["diagnosis"]
        assert (diagnosis.verdict, diagnosis.passage_id) == (said["verdict"], said["passage_id"])
        assert sentence(diagnosis) == said["sentence"] and diagnosis.facts.kind != "recorded"
        reasons = [REWORDED.get(rival["why"], rival["why"]) for rival in said["rivals"]]
        assert [why(rival) for rival in diagnosis.rivals] == reasons
        assert [note_text(note) for note in diagnosis.notes] == said["notes"]
        assert [to_record(gap) for gap in diagnosis.needs] == said.get("needs", [])
    assert "sentence" not in json.loads(export_cases(found.cases[:1]))["case"]["findings"][0]["diagnosis"]
    assert read_cases(export_cases(found.cases)).cases == found.cases


def test_cases_of_recorded_runs_of_version_3_name_their_run_and_can_be_replayed():
    found = read_cases((GOLDEN / "case" / "v3-runs.jsonl").read_text(encoding="utf-8"))
    assert found.problems == () and len(found.cases) == 3
    assert {(one.recorded, one.trace.origin and one.trace.origin.project) for one in found.cases} == {
        (True, "support bot")
    }
    assert [case.verdict for case in found.cases] == [Verdict.NOT_RETURNED, Verdict.CANNOT_TELL, Verdict.NOT_SELECTED]
    again = rerun_recorded(found.cases[0], Policy(reranker="none", top_k=3), RunScorer(get_reranker))
    assert again.outcome is RerunOutcome.FIXED and read_cases(export_cases(found.cases)).cases == found.cases


@pytest.mark.parametrize("name", ["rerun-v3.json", "rerun-v4.json", "rerun-v5.json"])
def test_a_re_run_of_a_recorded_run_is_read_as_what_it_was(name):
    text = (GOLDEN / "case" / name).read_text(encoding="utf-8")
    old, run = json.loads(text), RERUN.read(text)
    assert (run.format, run.elsewhere, run.outcome, run.verdict) == (6, None, RerunOutcome.FIXED, Verdict.KEPT)
    assert [hit.passage_id for hit in run.trace.kept_step.hits] == [
        hit["passage_id"] for hit in old["trace"]["steps"][-1]["hits"]
    ]
    assert RERUN.read(run.model_dump_json()) == run


def test_the_cases_of_version_2_have_every_verdict():
    texts = [(GOLDEN / "case" / name).read_text(encoding="utf-8") for name in ("v2.jsonl", "v2-runs.jsonl")]
    assert {case.verdict for text in texts for case in read_cases(text).cases} == set(Verdict)


def test_words_of_an_old_case_stay_where_its_run_does_not_bear_them_out():
    line = (GOLDEN / "case" / "v2.jsonl").read_text(encoding="utf-8").splitlines()[2]
    entry = json.loads(line)
    said = entry["case"]["findings"][0]["diagnosis"]
    said["verdict"] = "under-threshold"  # of a passage that no reranker has read
    found = read_cases(json.dumps(entry))
    (diagnosis,) = (one.diagnosis for case in found.cases for one in case.findings)
    assert diagnosis.facts == Recorded(recorded_sentence=said["sentence"])
    assert sentence(diagnosis) == said["sentence"] and diagnosis.verdict is Verdict.UNDER_THRESHOLD
    assert [why(rival) for rival in diagnosis.rivals] == [rival["why"] for rival in said["rivals"]]
    assert [note_text(note) for note in diagnosis.notes] == said["notes"] != []
    assert read_cases(export_cases(found.cases)).cases == found.cases


@pytest.mark.parametrize(
    "changes",
    [{"verdict": "demoted"}, {"passage_id": "another"}, {"verdict": "kept", "needs": ["Record everything."]}],
)
def test_a_recorded_run_keeps_the_verdict_that_was_saved_with_it(changes):
    for line in (GOLDEN / "case" / "v2-runs.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        said = entry["case"]["findings"][0]["diagnosis"]
        if said["verdict"] == changes.get("verdict"):
            continue
        said.update(changes)
        found = read_cases(json.dumps(entry))
        (case,) = found.cases
        (diagnosis,) = (one.diagnosis for one in case.findings)
        assert (diagnosis.verdict, diagnosis.passage_id) == (said["verdict"], said["passage_id"])
        assert case.verdict == said["verdict"] and sentence(diagnosis) == said["sentence"]
        told = [*map(to_record, diagnosis.needs), *map(note_text, diagnosis.notes)]
        assert sorted(told) == sorted([*said.get("needs", []), *said["notes"]])
        assert read_cases(export_cases(found.cases)).cases == found.cases


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda facts: facts.update(kind="nowhere"),
            "“findings › 1 › diagnosis › facts” has a value that does not fit",
        ),
        (lambda facts: facts.pop("kind"), "“findings › 1 › diagnosis › facts” has a value that does not fit"),
        (lambda facts: facts["found"][0]["at"].update(step="elsewhere"), "'elsewhere' is no list of a search"),
        (lambda facts: facts["fused"].pop("space"), "is missing"),
    ],
)
def test_a_case_whose_facts_were_changed_by_hand_is_refused_in_words(change, said):
    lines = (GOLDEN / "case" / "v2.jsonl").read_text(encoding="utf-8").splitlines()
    (old,) = [line for line in lines if "never read it" in line]
    entry = json.loads(export_cases(read_cases(old).cases))
    change(entry["case"]["findings"][0]["diagnosis"]["facts"])
    found = read_cases(json.dumps(entry))
    assert found.cases == () and said in found.problems[0]


def test_an_old_case_with_a_damaged_run_is_named_by_what_is_wrong():
    entry = json.loads((GOLDEN / "case" / "v2.jsonl").read_text(encoding="utf-8").splitlines()[0])
    entry["case"]["trace"]["steps"] = []
    assert "“trace › steps”" in read_cases(json.dumps(entry)).problems[0]


def test_a_case_file_of_version_1_is_imported_whole():
    found = read_cases((GOLDEN / "case" / "v1.jsonl").read_text(encoding="utf-8"))
    assert found.problems == ()
    assert len(found.cases) == 8
    assert {one.trace.version for one in found.cases} == {3}
    assert all(one.diagnosis.facts.kind != "recorded" for case in found.cases for one in case.findings)
    assert read_cases(export_cases(list(found.cases))).cases == found.cases


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 99}, "written by a newer version of Second Pass"),
        ({"policy": None}, "policy"),
        ({"stages": "none"}, "of version 1"),
    ],
)
def test_a_trace_that_cannot_be_read_says_why_in_words(change, said):
    raw = json.loads((GOLDEN / "trace" / "v1.json").read_text(encoding="utf-8")) | change
    with pytest.raises(BadTrace, match=said) as error:
        Trace.read(json.dumps(raw))
    assert "Field required" not in str(error.value)


def test_a_report_of_version_1_is_read_as_what_it_was():
    text = (GOLDEN / "report" / "v1.json").read_text(encoding="utf-8")
    old, report = json.loads(text), Report.read(text)
    assert report.policy is not None and report.policy.first_pass is not None and report.collection is not None
    assert report.policy.first_pass.reranker == old["policy"]["screen"]["reranker"]
    assert report.collection.passages == old["collection"]["chunks"]
    assert report.steps == tuple("first_pass" if step == "screened" else step for step in old["values"])
    assert report.mean("first_pass", "nDCG@10") == old["values"]["screened"]["nDCG@10"]["q"]
    assert report.headroom is not None and report.headroom.first_pass == old["headroom"]["screening"]
    assert Report.read(report.to_json()) == report


def test_a_fine_tuned_model_of_version_1_is_listed(tmp_path):
    (tmp_path / "mine").mkdir()
    shutil.copy(GOLDEN / "fine_tune" / "v1.json", tmp_path / "mine" / OLD_RECORD)
    found = fine_tuned_models(tmp_path)
    assert found.left_out == ()
    (model,) = found.found
    assert (model.name, model.set_name, model.pairs) == ("mine", "Sample corpus", 9)
    assert model.comparisons["nDCG@10"].after == 0.6
    keep_record(tmp_path / "mine", model)
    assert fine_tuned_models(tmp_path).found == (model,)


class TestCollection:
    """A collection of each older version: none has token vectors."""

    PASSAGES = {"v1": "chunks.jsonl", "v2": "passages.jsonl", "v3": "passages.jsonl"}

    @pytest.fixture(params=list(PASSAGES))
    def library(self, request: pytest.FixtureRequest, tmp_path: Path) -> Library:
        self.passages = self.PASSAGES[request.param]
        shutil.copytree(GOLDEN / "collection" / request.param, tmp_path / "golden")
        return Library(tmp_path)

    def test_it_is_listed_and_opened(self, library):
        assert library.names() == ["Golden"] and library.problems() == []
        opened = library.open("Golden", WordEmbedder())
        assert [passage.text for passage in opened.passages] == [
            "A refund takes five working days.",
            "Goods can be returned within thirty days.",
        ]
        assert opened.lexical("refund", depth=2).terms  # in one of two passages, so worth 0 to BM25: no hit
        asked = WordEmbedder().embed_query(opened.passages[1].model_text)
        assert [passage_id for passage_id, _ in opened.dense(asked, depth=1).hits] == ["returns.md::0"]

    def test_its_passages_are_read_once_and_not_at_all_when_it_is_opened_again(self, library, monkeypatch):
        read: list[str] = []
        one = Lines._read

        def noted(lines: Lines, place: int):
            found = one(lines, place)
            read.append(found.id)
            return found

        monkeypatch.setattr(Lines, "_read", noted)
        first = Library(library.root).open("Golden", WordEmbedder())
        assert len(read) == len(set(read)) == len(first.documents()) + len(first.passages) == 4
        read.clear()
        again = Library(library.root).open("Golden", WordEmbedder())
        assert set(read) == {"-"}  # what filters can tell apart, and no passage
        assert again.documents() == first.documents() and again.passages == first.passages
        assert again.texts.document_ids() == ["refunds.md", "returns.md"]
        assert again.lexical("refund", depth=2) == first.lexical("refund", depth=2)

    @pytest.mark.parametrize("name", ["columns/hashes.npy", "lexical/terms.json", "manifest.json"])
    def test_what_was_made_of_it_and_is_damaged_is_made_again(self, library, name):
        library.open("Golden", WordEmbedder())
        (path,) = library.root.rglob(f"made/{name}")
        whole = path.read_bytes()
        path.write_bytes(b"broken")
        assert len(Library(library.root).open("Golden", WordEmbedder()).passages) == 2
        assert len(path.read_bytes()) == len(whole)

    def test_it_opens_from_a_disk_that_takes_nothing_more(self, library, monkeypatch, caplog):
        caplog.set_level("INFO", earlier_files.__name__)

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(earlier_files, "save_columns", full)
        assert library.open("Golden", WordEmbedder()).lexical("refund", depth=2).terms
        assert "No space left on device" in caplog.text
        assert not list(library.root.rglob("*made*"))

    def test_it_has_no_token_vectors_and_is_reranked_all_the_same(self, library):
        opened = library.open("Golden", WordEmbedder())
        assert (len(opened.token_vectors), opened.manifest.token_vectors) == (0, None)
        trace = Pipeline(opened, WordEmbedder()).run("How long do refunds take?", reranker="late-interaction")
        assert trace.kept[0].text == "A refund takes five working days."

    def test_it_is_renamed_and_still_opens(self, library):
        assert library.rename("Golden", "Handbook").format == 4
        assert library.open("Handbook", WordEmbedder()).ref.passages == 2

    def test_it_is_cut_anew_as_one_of_today(self, library):
        made = library.reindex("Golden", Chunking(max_tokens=100), TokenEmbedder())
        assert made.ref.documents == 2
        assert {"passages.jsonl", "tokens/codes.npy"} <= set(library.manifest("Golden").files)
        opened = library.open("Golden", TokenEmbedder())
        assert opened.ref == made.ref and len(opened.token_vectors) == 2

    def test_a_changed_file_of_it_is_noticed(self, library):
        (version,) = (library.root / "golden" / "versions").iterdir()
        with (version / self.passages).open("a") as file:
            file.write(" ")
        with pytest.raises(CollectionError, match=rf"{self.passages} is not as it was written"):
            library.open("Golden", WordEmbedder())


class TestDatabase:
    """A dump of each older version, with rows in every table, brought up to date."""

    @pytest.fixture(params=["0001", "0002", "0003"])
    def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
        self.version = request.param
        file = tmp_path / "old.db"
        old = sqlite3.connect(file)
        old.executescript((GOLDEN / "database" / f"{self.version}.sql").read_text(encoding="utf-8"))
        old.close()
        store = Store(f"sqlite:///{file}")
        yield store
        store.close()

    def test_its_rows_are_still_there(self, store):
        with store.begin() as connection:
            assert connection.exec_driver_sql("SELECT model, score FROM pair_scores").all() == [("ce@1", 1.5)]
        if self.version >= "0002":
            self.cases_are_read(CaseBook(store))
            job = JobBook(store).find("b" * 32)
            assert job is not None and job.message == "1 still lost, 1 not re-run"
        if self.version >= "0003":
            grades = JudgmentBook(store).added_to(LabelledSet(name="toy", queries=(Query(id="q", text="q"),), qrels={}))
            assert grades.qrels == {}  # graded by the name of a set, which tells nothing of what is in it: see below
            with store.begin() as connection:
                kept = connection.exec_driver_sql("SELECT set_id, item, grade, judged_by FROM judgments").all()
            assert kept == [("name:document:toy", "b", 2, "ana")]

    def cases_are_read(self, book: CaseBook) -> None:
        rows = book.find().found
        assert len(rows) == 8
        cases = {row.id: book.get(row.id) for row in rows}
        assert {row.id: (row.query, row.verdict, row.documents) for row in rows} == {
            key: (case.query, case.verdict, case.documents) for key, case in cases.items()
        }
        first = cases["0" * 31 + "1"]
        assert (first.note, first.tags, first.created_by) == ("The user was told nothing.", ("sso", "okta"), "ana")
        (rerun,) = book.reruns_of(first.id).found
        assert rerun.outcome is RerunOutcome.STILL_LOST and rerun.trace is not None
        assert sentence(rerun.findings[0].diagnosis).startswith("“")
        revised = book.revise(first, note="Seen.", by="bo")
        assert book.get(first.id) == revised
