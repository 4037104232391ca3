"""A collection remembers the files that its documents came from; a file added again replaces all of them."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from rag_core.corpus.loading.load import Loaded, load_bytes
from rag_core.corpus.source_files import replaced_documents
from rag_core.schema.chunking import Chunking
from tests.corpus.doubles import documents
from tests.corpus.pdf_files import Page, written


def add(library, embedder, loaded: Loaded):
    return library.add("Handbook", loaded.documents, embedder, files=loaded.files)


@pytest.fixture
def handbook(library, embedder):
    return library.build("Handbook", documents(2), Chunking(), embedder)


def test_notes_are_saved_and_survive_every_change(library, embedder, handbook):
    loaded = load_bytes("a.pdf", written(Page([(20, 700, "Offer.")]).note("Ask legal")))
    assert [note.text for note in loaded.files[0].notes] == ["Ask legal"]
    add(library, embedder, loaded)
    library.rename("Handbook", "Manual")
    library.delete_documents("Manual", ["doc-0.md"])
    library.reindex("Manual", Chunking(max_tokens=32), embedder)
    assert library.open("Manual", embedder).files == loaded.files
    library.delete_documents("Manual", ["a.pdf"])
    assert library.open("Manual", embedder).files == ()


MAIL = "From ann@example.com Mon Jan  5 09:00:00 2026\nFrom: ann@example.com\nMessage-ID: <{id}@x>\n\n{text}\n\n"
ROWS = [{"id": "a", "text": "One."}, {"id": "b", "text": "Two."}, {"id": "c", "text": "Three."}]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("faq.csv", lambda rows: "id,text\n" + "".join(f"{row['id']},{row['text']}\n" for row in rows)),
        ("faq.tsv", lambda rows: "id\ttext\n" + "".join(f"{row['id']}\t{row['text']}\n" for row in rows)),
        ("faq.csv", lambda rows: "text\n" + "".join(f"{row['text']}\n" for row in rows)),
        ("faq.json", json.dumps),
        ("faq.jsonl", lambda rows: "".join(json.dumps(row) + "\n" for row in rows)),
        ("faq#2.csv", lambda rows: "text\n" + "".join(f"{row['text']}\n" for row in rows)),
        ("faq.ndjson", lambda rows: "".join(json.dumps({"page_content": row["text"]}) + "\n" for row in rows)),
        ("faq.json", lambda rows: json.dumps({row["id"]: {"text": row["text"]} for row in rows})),
        ("faq.json", lambda rows: json.dumps({"results": rows, "total": 3}, indent=2)),
        ("faq.mbox", lambda rows: "".join(MAIL.format(**row) for row in rows)),
        ("Faq (1).CSV", lambda rows: pd.DataFrame(rows).to_csv(sep=";")),
    ],
)
def test_rows_that_a_new_version_no_longer_has_are_gone(library, embedder, handbook, name, write):
    add(library, embedder, load_bytes("faq#2.csv#x.md", b"Another file."))
    add(library, embedder, load_bytes(name, write(ROWS).encode()))
    made = add(library, embedder, load_bytes(name, write(ROWS[:2]).encode()))
    texts = [document.text for document in made.documents() if document.id.lower().startswith("faq")]
    assert sorted(text.splitlines()[-1] for text in texts) == ["Another file.", "One.", "Two."]
    assert sorted(file.name for file in made.files) == sorted(["faq#2.csv#x.md", name])


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("faq.csv", "text\nOne.\nTwo.\n", "id,text\na,One.\n"),
        ("faq.csv", "id,text\na,One.\nb,Two.\n", "number;text\n1;One.\n"),
        ("faq.json", '[{"id": "a", "text": "One."}, {"id": "b", "text": "Two."}]', '{"id": "x", "text": "One."}'),
        ("faq.jsonl", '{"text": "One."}\n{"text": "Two."}\n', '{"_id": "a", "text": "One."}\n'),
    ],
)
def test_rows_that_are_known_by_other_keys_than_before_are_gone(library, embedder, handbook, name, old, new):
    add(library, embedder, load_bytes(name, old.encode()))
    made = add(library, embedder, load_bytes(name, new.encode()))
    assert [document.text for document in made.documents() if document.id.startswith("faq")] == ["One."]


def test_a_file_that_became_a_single_document_replaces_its_rows(library, embedder, handbook):
    add(library, embedder, load_bytes("faq.json", json.dumps(ROWS).encode()))
    made = add(library, embedder, load_bytes("faq.json", json.dumps({"text": "All in one."}).encode()))
    assert [document.text for document in made.documents() if document.id.startswith("faq")] == ["All in one."]


def test_rows_of_a_collection_that_was_saved_without_its_files_are_known_by_their_ids():
    before = load_bytes("faq.json", json.dumps(ROWS).encode()).documents
    new = load_bytes("faq.json", json.dumps(ROWS[:1]).encode())
    assert replaced_documents([one.id for one in before], (), new.documents, new.files) == {
        "faq.json#a",
        "faq.json#b",
        "faq.json#c",
    }


def test_documents_that_come_from_no_file_are_replaced_by_id_alone(library, embedder, handbook):
    made = library.add("Handbook", documents(1), embedder)
    assert len(made.documents()) == 2
