"""Uploaded files get runs and projects of their own; nothing of them replaces or hides something else unsaid."""

from __future__ import annotations

import gzip

import pytest

from rag_core.errors import BadInput
from rag_core.runs.importers.columns import StepMeaning
from rag_core.runs.importers.registry import open_runs
from rag_core.runs.importers.source import Source
from rag_core.runs.importers.uploads import Corrections, lists_of, look_at, open_uploads, project_of
from rag_core.runs.run import MAX_HITS
from rag_core.runs.values import Space

QUERIES = Source("queries.jsonl", b'{"_id": "1", "text": "How long?"}\n')


def a_list(name, *lines):
    return Source(name, "".join(f"{line}\n" for line in lines or ["1 Q0 a 1 9 t"]).encode())


def opened(*sources, project=""):
    look = look_at(sources)
    return open_uploads(sources, look.format, Corrections(project=project))


def lists(run):
    return {step.name: [hit.passage_id for hit in step.hits] for step in run.steps}


def keys(*imports):
    return {(run.project, run.id) for one in imports for run in one.runs}


@pytest.mark.parametrize("project", ["", "bot"])
def test_other_trec_runs_of_one_name_are_other_runs(project):
    first, second = (opened(a_list("bm25.run", f"1 Q0 {one} 1 9 t"), QUERIES, project=project) for one in ("a", "b"))
    assert len(keys(first, second)) == 2 and {run.project for run in first.runs} == {project or "bm25.run"}
    assert keys(first) == keys(opened(QUERIES, a_list("bm25.run", "1 Q0 a 1 9 t"), project=project))


def test_other_queries_make_other_runs():
    other = Source("queries.jsonl", b'{"_id": "1", "text": "Where?"}\n')
    assert len(keys(opened(a_list("a.run"), QUERIES), opened(a_list("a.run"), other))) == 2


@pytest.mark.parametrize("project", ["", "bot"])
def test_another_table_of_one_name_has_other_runs(project):
    tables = [Source("export.csv", f"query,doc_id\nq,{one}\n".encode()) for one in "aba"]
    first, second, again = (opened(one, project=project) for one in tables)
    assert len(keys(first, second)) == 2 and keys(first) == keys(again)


def test_lists_of_one_stem_keep_their_ends():
    sources = [a_list("bm25.run"), a_list("bm25.trec", "1 Q0 b 1 8 t"), a_list("dense.run"), QUERIES]
    assert lists(opened(*sources).runs[0]) == {"bm25.run": ["a"], "bm25.trec": ["b"], "dense": ["a"]}
    assert set(lists_of(sources, look_at(sources).columns)) == {"bm25.run", "bm25.trec", "dense"}


@pytest.mark.parametrize("twice", [a_list("bm25.run"), QUERIES], ids=["list", "queries"])
def test_two_files_of_one_name_are_refused(twice):
    with pytest.raises(BadInput, match=f"Two files are called {twice.name}. Rename one of them."):
        opened(a_list("bm25.run"), QUERIES, twice)


@pytest.mark.parametrize("name", ["BM25.RUN", "..run", "a" * 252 + ".run", "/etc/../bm25.Trec", "ü\x00.run"])
@pytest.mark.parametrize("beside", ["..", "/", "x" * 300, "\x00"])
def test_no_name_of_a_file_stops_an_import(name, beside):
    found = opened(a_list(name), QUERIES, Source(beside, b"x"))
    assert [list(one.values()) for one in map(lists, found.runs)] == [[["a"]]]


@pytest.mark.parametrize("name", ["Queries.JSONL", "queries.jsonl"])
def test_queries_are_found_however_they_are_written(name):
    assert opened(a_list("a.run"), Source(name, QUERIES.data)).runs


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ([a_list("a.run")], "There is no queries.jsonl among the files"),
        ([a_list("a.run", "9 Q0 a 1 1 t"), QUERIES], "No run can be read from these files. Query 9: it is not in"),
        ([a_list("a.run"), Source("queries.jsonl", b"\x00\x01")], "queries.jsonl"),
    ],
)
def test_messages_name_no_place_on_the_server(sources, said):
    with pytest.raises(BadInput, match=said) as caught:
        opened(*sources)
    assert "/" not in str(caught.value)


def test_a_list_that_is_cut_says_so_and_keeps_the_best():
    many = [f"1 Q0 d{at} 1 {at} t" for at in range(MAX_HITS + 5)]
    found = opened(a_list("a.run", *many), QUERIES)
    assert lists(found.runs[0])["a"][:2] == [f"d{MAX_HITS + 4}", f"d{MAX_HITS + 3}"]
    assert found.problems == ("A.run: more than 10,000 passages for query 1. The best 10,000 are imported.",)


@pytest.mark.parametrize("score", ["nan", "inf", "-inf", "high"])
def test_a_score_that_is_no_number_costs_its_line(score):
    found = opened(a_list("a.run", f"1 Q0 a 1 {score} t", "1 Q0 b 2 5 t", "1 Q0 c 3 7 t"), QUERIES)
    assert lists(found.runs[0]) == {"a": ["c", "b"]} and "Line 1 of a.run" in found.problems[0]


def test_what_a_table_kept_is_in_the_order_of_its_last_list():
    rows = ["q,c,dense,3,yes", "q,a,dense,1,yes", "q,b,dense,2,no", "q,z,other,1,yes", "q,c,rerank,1,", "q,a,rerank,2,"]
    table = Source("t.csv", "\n".join(["query,doc_id,list,rank,kept", *rows[:3]]).encode())
    assert lists(opened(table).runs[0])["kept"] == ["a", "c"]  # by rank, not by row
    table = Source("t.csv", "\n".join(["query,doc_id,list,rank,kept", *rows]).encode())
    assert lists(opened(table).runs[0])["kept"] == ["c", "a", "z"]  # the last list does not have z


def test_a_tables_lists_may_be_called_kept():
    table = Source("t.csv", b"query,doc_id,list,kept\nq,a,kept,1\nq,b,kept (2),1\n")
    assert set(lists(opened(table).runs[0])) == {"kept", "kept (2)", "kept (3)"}


def test_the_project_is_named_as_the_first_list():
    assert project_of([QUERIES, a_list("dense.run"), a_list("bm25.run")]) == "bm25.run"
    assert project_of([Source("t.csv", b"")]) == "t.csv"


def test_a_corpus_that_cannot_be_read_is_said_and_the_runs_are_kept():
    found = opened(a_list("a.run"), QUERIES, Source("corpus.jsonl", b"{"))
    assert lists(found.runs[0]) == {"a": ["a"]} and found.problems[0].startswith(
        "Corpus: corpus.jsonl, line 1: not JSON"
    )


DISTANCES = a_list("dense.run", "1 Q0 near 1 0.1 t", "1 Q0 mid 2 0.5 t", "1 Q0 far 3 0.9 t")


@pytest.mark.parametrize("meant", [StepMeaning(space=Space.DISTANCE), StepMeaning(direction="lower")])
def test_a_trec_list_of_distances_has_the_nearest_first(meant):
    found = open_uploads([DISTANCES, QUERIES], "trec", Corrections(steps={"dense": meant}))
    assert lists(found.runs[0]) == {"dense": ["near", "mid", "far"]} and found.notes == ()


def test_ranks_that_are_not_in_the_order_of_the_scores_are_noted():
    found = opened(DISTANCES, a_list("ties.run", "1 Q0 a 2 5 t", "1 Q0 b 1 5 t", "1 Q0 c x 4 t"), QUERIES)
    assert lists(found.runs[0])["dense"] == ["far", "mid", "near"]
    (note,) = found.notes
    assert note.startswith("dense.run: its ranks are not in the order of its scores for query 1. The scores count")


def test_packed_trec_runs_are_read_from_a_folder_and_from_uploads(tmp_path):
    packed = [Source(f"{one.name}.gz", gzip.compress(one.data)) for one in (a_list("reranked.run"), QUERIES)]
    for source in (a_list("dense.run"), *packed):
        (tmp_path / source.name).write_bytes(source.data)
    for found in (open_runs(tmp_path), opened(a_list("dense.run"), *packed)):
        assert lists(found.runs[0]) == {"dense": ["a"], "reranked": ["a"]} and found.problems == ()
