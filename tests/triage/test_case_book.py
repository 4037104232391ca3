"""Cases are kept whole, found by what they say, and two people who save at once lose nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag_core.diagnosis import Verdict
from rag_core.errors import BadInput, CaseConflict
from rag_core.schema.base import new_id
from rag_core.triage import Rerun, RerunOutcome, Status
from tests.triage.samples import LOST, a_case

ROOT = Path(__file__).parents[2]


def rerun_of(case, outcome=RerunOutcome.FIXED, job_id=None):
    return Rerun(id=new_id(), case_id=case.id, job_id=job_id, at=case.created_at, outcome=outcome)


def test_a_case_comes_back_as_it_was_saved(book):
    case = book.save(a_case(note="Mirabeau asked — “twice”.", tags=("sso", "naïve"), by="ana"))
    assert book.get(case.id) == case
    assert case.verdict is Verdict.CUT_BY_TOP_K and case.documents == ("doc-b",)


def test_a_case_that_was_listed_is_not_read_again_for_its_collection(book):
    case = book.save(a_case())
    assert [row.id for row in book.find().found] == [case.id]
    book.delete(case.id)  # it is known from the list
    assert book.collection_of(case.id) == case.trace.collection
    other = book.save(a_case())
    assert book.collection_of(other.id) == other.trace.collection
    with pytest.raises(BadInput, match="not there"):
        book.collection_of("none")


def test_an_id_is_saved_once(book):
    case = book.save(a_case())
    assert not book.add(case)
    with pytest.raises(BadInput, match="already"):
        book.save(case)


def test_the_list_is_filtered_by_everything_it_shows(book):
    one = book.save(a_case("refund for games?", tags=("eu", "100%"), note="angry"))
    two = book.save(a_case("SSO with okta", LOST.with_(top_k=5), tags=("e",)))
    book.revise(two, status=Status.FIXED)
    ids = lambda **asked: [row.id for row in book.find(**asked).found]  # noqa: E731
    assert ids() == [two.id, one.id]
    assert ids(status=Status.OPEN) == [one.id]
    assert ids(verdict=Verdict.KEPT) == [two.id]
    assert ids(tag="e") == [two.id] and ids(tag="100%") == [one.id] and ids(tag="10_%") == []
    assert ids(text="OKTA") == [two.id] and ids(text="Angry") == [one.id] and ids(text="doc-b") == [two.id, one.id]
    assert ids(collection="toy") == [two.id, one.id] and ids(collection="other") == []


def test_a_text_is_found_whatever_the_case_of_its_letters(book):
    case = book.save(a_case("Übergabe der Wohnung", tags=("Öffnung",), note="ÄNDERUNG; Ελλάδα"))
    for text in ("übergabe", "ÜBERGABE", "öffnung", "änderung", "ελλάδα"):
        assert [row.id for row in book.find(text=text).found] == [case.id]
    assert book.find(text="ubergabe").found == ()


def test_a_revision_of_an_old_version_is_refused_and_shows_what_is_there(book):
    case = book.save(a_case(by="ana"))
    bens = book.revise(case, note="Ben's note", by="ben")
    assert bens.version == 2 and book.get(case.id) == bens
    with pytest.raises(CaseConflict, match="ben changed this case") as caught:
        book.revise(case, note="Ana's note", by="ana")
    assert caught.value.current == bens
    assert book.revise(caught.value.current, note="Ben's note. Ana's note.", by="ana").version == 3


def test_what_a_revision_does_not_name_stays(book):
    case = book.save(a_case(note="n", tags=("t",)))
    revised = book.revise(case, status=Status.WONT_FIX)
    assert (revised.note, revised.tags, revised.status) == ("n", ("t",), Status.WONT_FIX)
    assert book.revise(revised, note="", tags=()).tags == ()


def test_a_deleted_case_takes_its_reruns_along(book):
    case = book.save(a_case())
    book.add_rerun(rerun_of(case))
    book.delete(case.id)
    assert book.find().found == () and book.reruns_of(case.id).found == ()
    with pytest.raises(BadInput, match="not there"):
        book.get(case.id)
    with pytest.raises(BadInput, match="not there"):
        book.add_rerun(rerun_of(case))


def test_the_list_shows_the_latest_outcome(book):
    case = book.save(a_case())
    assert book.find().found[0].outcome is None
    later = rerun_of(case, RerunOutcome.NEWLY_LOST)
    book.add_rerun(rerun_of(case))
    book.add_rerun(later.model_copy(update={"at": later.at.replace(year=later.at.year + 1)}))
    assert book.find().found[0].outcome == RerunOutcome.NEWLY_LOST
    assert [run.outcome for run in book.reruns_of(case.id).found] == [RerunOutcome.NEWLY_LOST, RerunOutcome.FIXED]


SAVER = """
import sys
from rag_core.triage import CaseBook
from rag_core.errors import CaseConflict
from rag_core.storage.database import Store
from tests.triage.samples import a_case

url, shared, me = sys.argv[1:]
book = CaseBook(Store(url))
for n in range(5):
    book.save(a_case(f"{me}/{n}", by=me))
    while True:
        case = book.get(shared)
        try:
            book.revise(case, note=f"{case.note}{me}{n} ", by=me)
            break
        except CaseConflict:
            pass
"""


def test_eight_processes_that_save_at_once_lose_nothing(book, url):
    shared = book.save(a_case())
    savers = [subprocess.Popen([sys.executable, "-c", SAVER, url, shared.id, f"p{i}"], cwd=ROOT) for i in range(8)]
    assert [saver.wait(300) for saver in savers] == [0] * 8
    assert len(book.find().found) == 1 + 8 * 5
    after = book.get(shared.id)
    assert sorted(after.note.split()) == sorted(f"p{i}{n}" for i in range(8) for n in range(5))
    assert after.version == 1 + 8 * 5


def test_eight_processes_that_open_a_new_database_at_once_all_find_its_tables(url):
    code = "import sys; from rag_core.storage.database import Store; Store(sys.argv[1]).begin().__enter__()"
    openers = [
        subprocess.Popen([sys.executable, "-c", code, url], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    assert [opener.communicate(timeout=300)[1] for opener in openers] == [""] * 8
