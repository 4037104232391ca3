"""Labelled sets from files: what is right is read, what is wrong is said by file and line, all at once."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from rag_core.errors import BadInput
from rag_core.evaluation.beir import read_corpus, read_folder, read_set
from rag_core.evaluation.files import MAX_MB, File
from rag_core.evaluation.indexed import documents_of
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.evaluation.table import read_csv

QUERIES = '{"_id": "q1", "text": "one", "kind": "exact code"}\n{"_id": "q2", "text": "two", "kind": "unanswerable"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n"


def text(name: str, content: str | bytes) -> File:
    return File.uploaded(name, content.encode() if isinstance(content, str) else content)


def both(queries: str | bytes = QUERIES, qrels: str | bytes = QRELS) -> LabelledSet:
    return read_set(text("queries.jsonl", queries), text("qrels.tsv", qrels), "toy")


def test_a_beir_set() -> None:
    found = both()

    assert found.by_id["q1"] == Query(id="q1", text="one", kind="exact code")
    assert found.qrels == {"q1": {"d1": 2, "d2": 0}}
    assert [query.id for query in found.judged] == ["q1"]
    assert [query.id for query in found.unanswerable] == ["q2"]
    assert found.groups == {"kind": ("exact code", "unanswerable")}
    assert found.notices == ()


def test_trec_qrels_crlf_and_a_byte_order_mark_are_read_too() -> None:
    found = both(b"\xef\xbb\xbf" + QUERIES.replace("\n", "\r\n").encode(), "q1 0 d1 2\r\n\r\nq1 0 d2 0\r\n")
    assert found.qrels == {"q1": {"d1": 2, "d2": 0}}


def test_a_folder_with_qrels_below(tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "queries.jsonl").write_text(QUERIES)
    (tmp_path / "qrels" / "test.tsv").write_text(QRELS)
    assert read_folder(tmp_path).judgments == 2


def test_a_folder_without_qrels_or_queries_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no qrels"):
        read_folder(tmp_path)
    (tmp_path / "qrels.tsv").write_text(QRELS)
    with pytest.raises(BadInput, match=r"There is no file .*queries\.jsonl"):
        read_folder(tmp_path)


def test_every_fault_of_both_files_is_said_at_once_with_its_line() -> None:
    queries = (
        '{"_id": "q1", "text": "one"}\n{"_id": "q2", "text": " "}\nnot json\n[1]\n{"text": "x"}\n'
        '{"_id": "q1", "text": "y"}\n'
    )
    qrels = "q1\td1\t2\nq1\td1\t1\nq1\td2\nq1\td3\thigh\nq1\td4\t1.5\n"
    with pytest.raises(BadInput) as caught:
        both(queries, qrels)

    told = str(caught.value).splitlines()
    assert told[0] == "queries.jsonl, line 2: query 'q2' has no text."
    assert told[1].startswith("queries.jsonl, line 3: not JSON")
    assert told[2] == "queries.jsonl, line 4: this is JSON, but not an object like {…}."
    assert told[3] == "queries.jsonl, line 5: this query has no _id."
    assert told[4] == "queries.jsonl, line 6: query 'q1' is in this file twice."
    assert told[5] == "qrels.tsv, line 2: 'q1' and 'd1' are graded 2 and 1; which one holds?"
    assert told[6].startswith("qrels.tsv, line 3: expected query, document and grade")
    assert told[7].startswith("qrels.tsv, line 4: the grade 'high' is not a whole number")
    assert told[8].startswith("qrels.tsv, line 5: the grade '1.5'")


def test_many_faults_are_counted() -> None:
    with pytest.raises(BadInput, match=r"… and 30 more like these\.$"):
        both("nonsense\n" * 50)


def test_what_loses_nothing_is_a_notice() -> None:
    found = both(qrels=QRELS + "q1\td1\t2\nq9\td1\t1\nq9\td2\t1\nq2\td5\t-2\n")

    assert found.notices == (
        "qrels.tsv, line 5: there is no query 'q9'; its grades are not used.",
        "qrels.tsv, line 7: the grade -2 counts as 0.",
    )
    assert [query.id for query in found.judged] == ["q1", "q2"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_files_in_any_encoding_are_read(encoding: str) -> None:
    queries = '{"_id": "q1", "text": "Wie lange dauert die Rückgabe für Geschäftskunden?"}\n'
    found = both(queries.encode(encoding), QRELS.encode(encoding))
    assert found.by_id["q1"].text == "Wie lange dauert die Rückgabe für Geschäftskunden?"
    assert found.qrels == {"q1": {"d1": 2, "d2": 0}}
    table = "Frage;document_id\nWie lange dauert die Rückgabe für Geschäftskunden?;d1\n"
    assert read_csv(text("m.csv", table.encode(encoding)), {"query": "Frage"}).judgments == 1


def test_a_file_that_is_no_text_is_one_sentence() -> None:
    with pytest.raises(BadInput, match=r"\Aqueries\.jsonl: It [^\n]*\Z"):
        both(bytes(range(256)) * 10)


def test_a_packed_set_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl.gz").write_bytes(gzip.compress(QUERIES.encode()))
    (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress(b'{"_id": "d1", "text": "x"}\n'))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "dev.tsv.gz").write_bytes(gzip.compress(QRELS.encode()))
    assert read_folder(tmp_path).qrels == {"q1": {"d1": 2, "d2": 0}}
    assert [one.id for one in documents_of(tmp_path)] == ["d1"]
    with pytest.raises(BadInput, match=r"queries\.jsonl cannot be unpacked"):
        both(gzip.compress(QUERIES.encode() * 50)[:40])


def test_which_of_several_qrels_is_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text(QUERIES)
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "train.tsv").write_text(QRELS)
    assert read_folder(tmp_path).notices == ()
    (tmp_path / "qrels" / "dev.tsv").write_text(QRELS)
    (tmp_path / "qrels" / "test.tsv").write_text(QRELS)
    (notice,) = read_folder(tmp_path).notices
    assert notice.endswith("qrels/test.tsv is used; qrels/dev.tsv, qrels/train.tsv are not.")


@pytest.mark.parametrize("sign", [",", ";", "\t", " "])
def test_qrels_with_any_separator(sign: str) -> None:
    assert both(qrels=QRELS.replace("\t", sign)).qrels == {"q1": {"d1": 2, "d2": 0}}


def test_an_empty_file_is_a_fault() -> None:
    with pytest.raises(BadInput, match="there is no query in this file"):
        both("", "")


def test_deeply_nested_json_is_a_fault_and_no_crash() -> None:
    with pytest.raises(BadInput, match="line 1"):
        both('{"a":' * 100_000 + "1" + "}" * 100_000)


def test_a_file_of_200_mb_is_refused_before_it_is_read() -> None:
    def never() -> io.BytesIO:
        raise AssertionError("it was opened")

    huge = File("qrels.tsv", 200 * 2**20, never)
    with pytest.raises(BadInput, match=f"qrels.tsv has 200 MB; at most {MAX_MB} MB are read"):
        read_set(text("queries.jsonl", QUERIES), huge, "toy")


def test_a_corpus_of_any_size_is_streamed() -> None:
    line = (
        b'{"_id": "d%d", "title": "T", "text": "x", "updated_at": "2026-01-02", "lang": "en", "metadata": {"n": 1}}\n'
    )
    content = io.BytesIO(b"".join(line % number for number in range(50)))
    file = File("corpus.jsonl", 300 * 2**20, lambda: content)
    stream = read_corpus(file)

    first = next(stream)
    assert (first.id, first.title, str(first.updated_at), first.metadata) == (
        "d0",
        "T",
        "2026-01-02",
        {"lang": "en", "n": 1},
    )
    assert content.tell() < 50 * len(line)
    assert len(list(stream)) == 49


def test_a_corpus_says_what_is_wrong_at_its_end() -> None:
    corpus = text("corpus.jsonl", '{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}\n{"_id": "b", "text": 5}\n')
    with pytest.raises(BadInput) as caught:
        list(read_corpus(corpus))
    assert str(caught.value).splitlines()[0] == "corpus.jsonl, line 2: document 'a' is in this file twice."
    assert "line 3: document 'b': “text” should be text" in str(caught.value)


def test_a_document_with_a_title_alone_is_read_by_it() -> None:
    corpus = text(
        "corpus.jsonl", '{"_id": "a", "title": "Lamps", "text": ""}\n{"_id": "b", "title": "T", "text": null}\n'
    )
    assert [document.text for document in read_corpus(corpus)] == ["Lamps", "T"]


def test_a_csv_with_guessed_columns() -> None:
    found = read_csv(text("mine.csv", 'Question,doc_id,Label\n"how, exactly?",d1,2\n"how, exactly?",d2,1\nwhy,,\n'))

    assert [query.text for query in found.queries] == ["how, exactly?", "why"]
    assert found.qrels == {"q1": {"d1": 2, "d2": 1}}
    assert (found.name, found.level) == ("mine", "document")


def test_a_csv_that_names_chunks_judges_chunks() -> None:
    assert read_csv(text("m.csv", "query,chunk_id\nhow,c1\n")).level == "passage"


def test_a_csv_with_given_columns() -> None:
    found = read_csv(text("m.csv", "Frage,Datei\nwie,a.md\n"), {"query": "frage", "document": "Datei"})
    assert found.qrels == {"q1": {"a.md": 1}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("query,grade\nhow,1\n", "needs a column for the query and one for the document or passage id"),
        ("query,document\nhow,d1\nhow\n", r"line 3: 1 cells where the header has 2"),
        ("query,document\n,d1\n", r"line 2: the query is empty"),
        ("query,document,grade\nhow,d1,good\n", r"line 2: the grade 'good' is not a whole number"),
        ("query,document,grade\nhow,d1,1\nhow,d1,2\n", r"line 3: 'q1' and 'd1' are graded 1 and 2"),
        ("query_id,query,document\nq,how,d1\nq,why,d1\n", r"line 3: query 'q' has another text than before"),
        ("", "It has no rows below a header line"),
    ],
)
def test_a_csv_with_faults(content: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_csv(text("m.csv", content))


@pytest.mark.parametrize(
    "content",
    [
        "query;document_id;grade\nhow, exactly?;d1;2\n",
        "sep=;\nquery;document_id;grade\nhow, exactly?;d1;2\n",
        "query\tdocument_id\tgrade\nhow, exactly?\td1\t2\n",
        'query,document_id,grade,,\n"how, exactly?",d1,2,,\n',
        "Query ;Document ID; Relevance grade\nhow, exactly?;d1;2,0\n",
        '"Question"\t"Expected document"\t"Label"\r\n"how, exactly?"\t"d1"\t"2"\r\n',
        'query,document_id,grade\r"how, exactly?",d1,2\r',
        "query|docno|rel\nhow, exactly?|d1|2.0\n",
    ],
)
def test_a_csv_as_spreadsheets_write_it(content: str) -> None:
    found = read_csv(text("m.csv", content))
    assert ([query.text for query in found.queries], found.qrels) == (["how, exactly?"], {"q1": {"d1": 2}})


LABELS = pd.DataFrame(
    {
        "query": ["Was „kostet“ das, genau?", 'Straße für 5 € "heute"'],
        "document_id": ["d1", "d;2"],
        "grade": [2, None],
    }
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("options", [{}, {"index": False}, {"index": False, "quoting": csv.QUOTE_ALL}])
def test_a_csv_as_data_frames_are_written(encoding: str, sign: str, options: dict[str, Any]) -> None:
    """With a number a row, grades that are floats since one is missing (no judgment), and every way to quote."""
    written = LABELS.to_csv(sep=sign, **options).encode(encoding)
    found = read_csv(File.uploaded("m.csv", written))
    assert [query.text for query in found.queries] == LABELS["query"].to_list()
    assert found.qrels == {"q1": {"d1": 2}}


@pytest.mark.parametrize(("grade", "counts"), [("yes", 1), ("TRUE", 1), ("no", 0), ("False", 0), ("2,0", 2)])
def test_a_grade_in_words(grade: str, counts: int) -> None:
    assert read_csv(text("m.csv", f"query;document;relevant\nhow;d1;{grade}\n")).qrels == {"q1": {"d1": counts}}


@pytest.mark.parametrize("sign", ["\t", ",", ";"])
@pytest.mark.parametrize(("grade", "counts"), [("yes", 1), ("relevant", 1), ("no", 0)])
def test_judgments_with_grades_in_words_and_ids_with_spaces(sign: str, grade: str, counts: int) -> None:
    found = both(qrels=f"query-id,corpus-id,score\nq1{sign}my terms{sign}{grade}\n")
    assert found.qrels == {"q1": {"my terms": counts}}


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_judgments_and_queries_with_the_line_ends_of_any_system(end: str) -> None:
    assert both(QUERIES.replace("\n", end), QRELS.replace("\n", end)) == both()


def test_a_cell_that_is_absurdly_long_is_a_fault() -> None:
    with pytest.raises(BadInput, match=r"qrels.tsv, line 4: "):
        both(qrels=QRELS + f"q2\t{'d' * 140_000}\tyes or no\n")


def test_columns_that_are_not_used_are_named() -> None:
    found = read_csv(text("m.csv", "query,document,Comment,kind,author\nhow,d1,fine,faq,Ann\n"))
    assert found.notices == ("m.csv: Not used: Comment, author.",)


def test_a_nul_byte_is_named() -> None:
    found = read_csv(text("m.csv", "query,document\nhow\x00,d1\n"))
    assert found.queries[0].text == "how"
    assert "NUL byte" in found.notices[0]


@pytest.mark.parametrize(
    "content",
    [
        '[{"_id": "q1", "text": "how"}, {"_id": "q2", "text": "why"}]',
        '[\n  {"id": "q1", "query": "how"},\n  {"id": "q2", "query": "why"}\n]\n',
        '{"query_id": "q1", "question": "how"}\n{"query_id": "q2", "question": "why"}\n',
        '{"qid": "q1", "query": "how"}\r\n\r\n{"qid": "q2", "query": "why"}\r\n',
    ],
)
def test_queries_in_other_shapes(content: str) -> None:
    found = read_set(text("queries.json", content), text("qrels.tsv", QRELS), "toy")
    assert [(query.id, query.text) for query in found.queries] == [("q1", "how"), ("q2", "why")]


def test_an_item_of_a_list_that_is_no_query_is_a_fault() -> None:
    with pytest.raises(BadInput, match="line 2: this item of the list is not an object"):
        both('[{"_id": "q1", "text": "how"}, 5]')


@pytest.mark.parametrize(
    "content",
    [
        'query-id,corpus-id,score\nq1,"my terms.md",2\n',
        "q1,my long terms.md,2\n",
        '"query_id";"doc_id";"grade"\n"q1";"my, terms.md";"2,0"\n',
        ",query-id,corpus-id,score\n0,q1,my terms.md,2.0\n",
        "\tqid\tdocno\tlabel\n0\tq1\tmy terms.md\t2\n",
        "q1,0,my terms.md,2\n",
    ],
)
def test_qrels_as_spreadsheets_and_data_frames_write_them(content: str) -> None:
    ((query, grades),) = both(qrels=content).qrels.items()
    assert (query, [*grades.values()]) == ("q1", [2])
    assert next(iter(grades)).endswith("terms.md")


@pytest.mark.parametrize(
    "content",
    [
        "query_id,doc_id,grade\nq1,my annex 2,0\n",
        "query id,doc id,grade\nq1,my annex 2,0\n",
        "q1,my annex 2,0\nq2,b.md,1\n",  # without a header, by the line that one sign alone cuts
    ],
)
def test_qrels_are_cut_at_one_sign_throughout(content: str) -> None:
    assert both(qrels=content).qrels["q1"] == {"my annex 2": 0}


def test_a_line_of_qrels_without_its_grade_is_a_fault_and_not_cut_at_another_sign() -> None:
    with pytest.raises(BadInput, match=r"qrels\.tsv, line 2: .*found 2 columns"):
        both(qrels="query_id,doc_id,grade\nq1,my annex 2\nq1,b.md,1\n")


def test_an_empty_grade_is_no_judgment() -> None:
    found = read_csv(text("m.csv", "query,document_id,grade\nrefund,b.md,\nrefund,c.md,2\nship,d.md,\n"))
    assert found.qrels == {"q1": {"c.md": 2}} and [query.id for query in found.queries] == ["q1", "q2"]
    assert "2 rows without a grade" in found.notices[0]


def test_what_is_in_doubt_in_a_csv_is_a_notice() -> None:
    found = read_csv(text("m.csv", 'Made by Ann\n\nquery,document\n"how,d1\nwhy,d2\n'))
    assert [notice.partition(": ")[2].partition(":")[0] for notice in found.notices] == ["line 1", "row 1"]
    with pytest.raises(BadInput, match=r"m\.csv, line 4: the query is empty"):
        read_csv(text("m.csv", "Made by Ann\n\nquery,document\n,d1\nwhy,d2\n"))


def test_a_part_of_a_set_forgets_nothing_and_keeps_nothing_else() -> None:
    whole = both()
    assert whole.judged and whole.by_id
    part = whole.only(["q2"])

    assert (list(part.by_id), part.judged, part.qrels) == (["q2"], (), {})
    with pytest.raises(BadInput, match="has no query 'q7'"):
        whole.only(["q7"])


def test_judgments_are_added_and_replace_old_ones() -> None:
    whole = both()
    assert whole.judged
    more = whole.with_judgments({"q1": {"d1": 3, "d9": 0}, "q2": {"d4": 1}})

    assert more.qrels == {"q1": {"d1": 3, "d2": 0, "d9": 0}, "q2": {"d4": 1}}
    assert [query.id for query in more.judged] == ["q1", "q2"]
    assert more.unanswerable == ()
    assert more.fingerprint != whole.fingerprint
    with pytest.raises(BadInput, match="no query 'q7' to grade"):
        whole.with_judgments({"q7": {"d": 1}})


def test_fields_group_queries_where_their_values_repeat() -> None:
    rows = [f'{{"_id": "q{n}", "text": "t", "kind": "k{n}", "team": "t{n % 2}", "note": "n{n}"}}' for n in range(6)]
    assert set(both("\n".join(rows), "q1\td1\t1\n").groups) == {"kind", "team"}
