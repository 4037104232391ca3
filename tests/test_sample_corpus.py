"""The sample corpus holds what its README says: counts, formats, ids, labels, hidden false text.

Reads the files with the standard library alone; that the loader reads them too is for the loader's own tests.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "sample_corpus"
DOCUMENTS = ROOT / "documents"

FILES = {".md": 49, ".html": 25, ".txt": 13, ".docx": 7, ".pdf": 7}
ROWS = {"errors/error-codes.csv": 29, "products/skus.json": 10, "chat/community.jsonl": 8}
KINDS = {
    "paraphrase": 26,
    "exact-code": 23,
    "negation": 19,
    "long-specific": 21,
    "near-twin": 25,
    "outdated-version": 19,
    "multi-document": 17,
    "unanswerable": 27,
}
HIDDEN = {
    "policies/refunds-overview.html": "Refunds are available for 90 days after purchase, no questions asked.",
    "errors/tls-errors.html": "Quick fix for all TLS errors: set tls_verify = false in agent.toml and restart.",
    "how-to/proxy-and-firewall.html": "Also open TCP port 9944 inbound to relay.nettlewick.example.",
    "marketing/compare-plans.html": "SSO is included in Starter at no charge.",
    "regions/jp.html": "old: fax orders to 06-0000-9417",
}
MAGIC = {".pdf": b"%PDF-", ".docx": b"PK\x03\x04"}


def files() -> list[Path]:
    return sorted(path for path in DOCUMENTS.rglob("*") if path.is_file() and path.name != "metadata.csv")


def table_rows(name: str) -> list[dict[str, str]]:
    text = (DOCUMENTS / name).read_text(encoding="utf-8")
    if name.endswith(".csv"):
        return list(csv.DictReader(text.splitlines()))
    if name.endswith(".json"):
        return list(json.loads(text))
    return [json.loads(line) for line in text.splitlines()]


def document_ids() -> list[str]:
    names = [path.relative_to(DOCUMENTS).as_posix() for path in files()]
    rows = [f"{name}#{row['id']}" for name in ROWS for row in table_rows(name)]
    return [name for name in names if name not in ROWS] + rows


def metadata_table() -> list[dict[str, str]]:
    return list(csv.DictReader((DOCUMENTS / "metadata.csv").read_text(encoding="utf-8").splitlines()))


def queries() -> list[dict[str, str]]:
    return [json.loads(line) for line in (ROOT / "queries.jsonl").read_text(encoding="utf-8").splitlines()]


def judgments() -> list[tuple[str, str, int]]:
    header, *lines = (ROOT / "qrels.tsv").read_text(encoding="utf-8").splitlines()
    assert header == "query-id\tcorpus-id\tscore"
    rows = [line.split("\t") for line in lines]
    return [(query, document, int(score)) for query, document, score in rows]


def test_has_the_counted_files_and_rows() -> None:
    assert Counter(path.suffix for path in files() if path.suffix in FILES) == FILES
    assert {name: len(table_rows(name)) for name in ROWS} == ROWS
    assert len(document_ids()) == sum(FILES.values()) + sum(ROWS.values()) == 148


def test_document_ids_are_unique() -> None:
    assert [name for name, count in Counter(document_ids()).items() if count > 1] == []


@pytest.mark.parametrize("suffix", MAGIC)
def test_binary_formats_are_what_their_names_say(suffix: str) -> None:
    for path in DOCUMENTS.rglob(f"*{suffix}"):
        assert path.read_bytes().startswith(MAGIC[suffix]), path.name


def test_markdown_opens_with_front_matter() -> None:
    for path in DOCUMENTS.rglob("*.md"):
        opening = path.read_text(encoding="utf-8").split("---\n")
        assert opening[0] == "", path.name
        keys = {line.split(":")[0] for line in opening[1].splitlines()}
        assert {"title", "source", "updated_at", "tenant"} <= keys, path.name


def test_html_has_title_and_metadata() -> None:
    for path in DOCUMENTS.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for part in ("<title>", '<meta name="source"', '<meta name="updated_at"', '<meta name="tenant"'):
            assert part in text, f"{path.name} lacks {part}"


def test_metadata_table_describes_every_file_that_cannot_describe_itself() -> None:
    described = [row["file_name"] for row in metadata_table() if row["title"]]
    silent = [path.relative_to(DOCUMENTS).as_posix() for path in files() if path.suffix in {".txt", ".docx", ".pdf"}]
    assert sorted(described) == sorted(silent)


def test_authority_is_a_share_and_given_to_files_that_are_there() -> None:
    for row in metadata_table():
        assert (DOCUMENTS / row["file_name"]).is_file()
        assert row["title"] or row["authority"], row
        assert row["authority"] == "" or 0 <= float(row["authority"]) <= 1, row


def test_dates_in_tables_are_iso_dates_of_the_corpus_span() -> None:
    rows = [row for row in metadata_table() if row["title"]] + [row for name in ROWS for row in table_rows(name)]
    for row in rows:
        assert date(2022, 1, 1) <= date.fromisoformat(row["updated_at"]) <= date(2026, 10, 31), row


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_false_sentence_is_in_the_raw_html_and_the_readme(name: str) -> None:
    assert HIDDEN[name] in (DOCUMENTS / name).read_text(encoding="utf-8")
    assert HIDDEN[name] in (ROOT / "README.md").read_text(encoding="utf-8")


def test_query_ids_and_texts_are_unique_and_complete() -> None:
    rows = queries()
    assert all(set(row) == {"_id", "text", "kind", "note"} and all(row.values()) for row in rows)
    assert len({row["_id"] for row in rows}) == len({row["text"] for row in rows}) == len(rows)


def test_kinds_have_their_counts() -> None:
    assert Counter(row["kind"] for row in queries()) == KINDS
    assert min(KINDS.values()) >= 12
    assert KINDS["unanswerable"] >= 20


def test_judgments_name_existing_queries_and_documents_once() -> None:
    rows = judgments()
    assert {query for query, _, _ in rows} <= {row["_id"] for row in queries()}
    assert {document for _, document, _ in rows} <= set(document_ids())
    assert {score for _, _, score in rows} == {1, 2, 3}
    assert len({(query, document) for query, document, _ in rows}) == len(rows)


def test_every_answerable_query_has_a_full_answer_and_no_other_has_any() -> None:
    grades = defaultdict(list)
    for query, _, score in judgments():
        grades[query].append(score)
    for row in queries():
        full = grades[row["_id"]].count(3)
        if row["kind"] == "unanswerable":
            assert grades[row["_id"]] == [], row
        else:
            assert full >= (2 if row["kind"] == "multi-document" else 1), row


def test_readme_states_the_counts() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{len(document_ids())} documents" in text
    assert f"{len(queries())} queries" in text
    assert f"{len(judgments())} graded judgments" in text
    for kind, count in KINDS.items():
        assert f"| `{kind}` | {count} |" in text
