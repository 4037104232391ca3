import json

import pytest

from rag_core.corpus.storage.collection_store import free_name
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.versions import locked
from rag_core.errors import BadInput, CollectionError
from rag_core.pipeline.pipeline import Pipeline
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.filters import make_filter
from tests.corpus.doubles import WordEmbedder, documents

CHUNKING = Chunking(max_tokens=32)


@pytest.fixture
def handbook(library, embedder):
    return library.build("Handbook", documents(3), CHUNKING, embedder)


def files(library):
    return sorted(path for path in library.root.rglob("*") if path.is_file() and ".locks" not in path.parts)


def version_of(library):
    (current,) = library.root.glob("*/CURRENT")
    return current.parent / "versions" / current.read_text()


def test_what_was_built_is_what_is_opened(library, embedder, handbook):
    opened = library.open("Handbook", embedder)
    assert opened.ref == handbook.ref
    assert opened.documents() == handbook.documents()
    assert opened.passages == handbook.passages
    vector = embedder.embed_query("topic1")
    assert opened.dense(vector, 5) == handbook.dense(vector, 5)
    assert opened.lexical("topic1", 5) == handbook.lexical("topic1", 5)
    assert library.names() == ["Handbook"]


def test_a_graph_index_is_saved_too(tmp_path, embedder):
    library = Library(tmp_path, exact_limit=0)
    built = library.build("Large", documents(20), CHUNKING, embedder)
    opened = library.open("Large", embedder)
    assert opened.manifest.index == "hnsw"
    vector = embedder.embed_query("topic7")
    assert opened.dense(vector, 10) == built.dense(vector, 10)
    trace = Pipeline(opened, embedder).run("topic7", reranker="none")
    (note,) = [note for step in trace.steps for note in step.warnings if note.code == "approximate"]
    assert "HNSW graph, breadth 256" in note.message
    assert "approximate" not in {note.code for step in trace.steps if step.name == "lexical" for note in step.warnings}
    one = Pipeline(opened, embedder).run("topic7", where=make_filter(tenants=["acme"]), reranker="none")
    assert "approximate" not in {note.code for step in one.steps for note in step.warnings}  # half of the rows: exact


def test_no_pickle_on_disk(library, handbook):
    kinds = {path.suffix for path in files(library)}
    assert kinds == {"", ".json", ".jsonl", ".npy"}


def test_a_taken_name_needs_replace(library, embedder, handbook):
    with pytest.raises(CollectionError, match="already"):
        library.build("Handbook", documents(1), CHUNKING, embedder)
    before = len(embedder.embedded)
    library.build("Handbook", documents(4), CHUNKING, embedder, replace=True)
    assert len(embedder.embedded) - before == 2
    assert library.open("Handbook", embedder).ref.documents == 4


def test_adding_embeds_only_what_is_new(library, embedder, handbook):
    other = WordEmbedder()
    changed = Document(
        id="doc-1.md", text="# Terms\n\nAll new.\n\n# Dates\n\nOpen on day 1 of the month.", title="Document 1"
    )
    added = library.add("Handbook", [changed, Document(id="new.md", text="Brand new.")], other)
    assert other.embedded == ["Document 1 > Terms\nAll new.", "Brand new."]
    assert {document.id for document in added.documents()} == {"doc-0.md", "doc-1.md", "doc-2.md", "new.md"}
    assert added.document("doc-1.md") == changed
    opened = library.open("Handbook", embedder)
    assert opened.lexical("topic1", 5).hits == []
    assert opened.passages == added.passages


def test_deleting_needs_no_model(library, embedder, handbook):
    library.delete_documents("Handbook", ["doc-0.md"])
    opened = library.open("Handbook", embedder)
    assert [document.id for document in opened.documents()] == ["doc-1.md", "doc-2.md"]
    fresh = library.build("Fresh", documents(3)[1:], CHUNKING, WordEmbedder())
    assert opened.ref.fingerprint == fresh.ref.fingerprint
    vector = embedder.embed_query("topic2")
    assert opened.dense(vector, 9) == fresh.dense(vector, 9)
    with pytest.raises(BadInput, match=r"no document 'doc-0\.md'"):
        library.delete_documents("Handbook", ["doc-0.md"])
    with pytest.raises(BadInput, match="Remove the whole collection"):
        library.delete_documents("Handbook", ["doc-1.md", "doc-2.md"])


def test_another_model_is_a_clear_error_and_reindexing_helps(library, handbook):
    other = WordEmbedder(model="words@2")
    with pytest.raises(CollectionError, match=r"words@1.*words@2"):
        library.open("Handbook", other)
    with pytest.raises(CollectionError, match=r"words@1.*words@2"):
        library.add("Handbook", documents(5), other)
    library.reindex("Handbook", CHUNKING, other)
    assert library.open("Handbook", other).manifest.embedding_model == "words@2"


def test_reindexing_keeps_the_vectors_of_chunks_that_stay(library, embedder, handbook):
    other = WordEmbedder()
    finer = library.reindex("Handbook", Chunking(max_tokens=16), other)
    assert other.embedded == []
    assert library.manifest("Handbook").chunking == Chunking(max_tokens=16)
    assert finer.ref.fingerprint != handbook.ref.fingerprint


def test_rename(library, embedder, handbook):
    library.build("Other", documents(1), CHUNKING, embedder)
    with pytest.raises(CollectionError, match="'Other' already"):
        library.rename("Handbook", "Other")
    assert library.rename("Handbook", " Manual ").name == "Manual"
    assert library.names() == ["Manual", "Other"]
    assert library.open("Manual", embedder).ref.name == "Manual"
    again = library.build("Handbook", documents(2), CHUNKING, embedder)
    assert library.names() == ["Handbook", "Manual", "Other"]
    assert library.open("Handbook", embedder).ref == again.ref
    assert library.open("Manual", embedder).ref.documents == 3


@pytest.mark.parametrize("name", ["Sample corpus", " sample   CORPUS ", "Cafe\u0301 notes", "", "a\nb\x00"])
def test_a_name_that_reads_like_one_that_is_there_is_refused(name):
    with pytest.raises(BadInput):
        free_name(name, ["Sample corpus", "Caf\u00e9 notes"])


def test_a_free_name_has_one_spelling():
    assert free_name("  My   notes", ["Sample corpus"]) == "My notes"


def test_remove(library, embedder, handbook):
    library.remove("Handbook")
    assert library.names() == []
    assert files(library) == []
    with pytest.raises(CollectionError, match="no collection called 'Handbook'"):
        library.open("Handbook", embedder)


def test_owners_and_sharing(tmp_path, embedder):
    shared, mine = Library(tmp_path / "shared"), Library(tmp_path / "sessions" / "token")
    mine.build("Notes", documents(2), CHUNKING, embedder, owner="token")
    assert (mine.names(), mine.names("token"), mine.names("other")) == ([], ["Notes"], [])
    before = len(embedder.embedded)
    mine.share_to(shared, "Notes")
    assert len(embedder.embedded) == before
    assert mine.names("token") == []
    assert shared.names() == ["Notes"]
    assert shared.open("Notes", embedder).manifest.owner is None
    mine.build("Notes", documents(1), CHUNKING, embedder, owner="token")
    with pytest.raises(CollectionError, match="already"):
        mine.share_to(shared, "Notes")
    assert mine.names("token") == ["Notes"]


def test_names_never_share_a_folder_or_leave_it(library, embedder):
    names = ["A b", "a-b", "A_B", "../../etc", "CON", "表", "文", "x" * 120]
    for name in names:
        library.build(name, documents(1), CHUNKING, embedder)
    assert sorted(library.names()) == sorted(names)
    folders = [path for path in library.root.iterdir() if path.is_dir() and path.name != ".locks"]
    assert len(folders) == len(names)
    assert all(path.name.isascii() and len(path.name) < 60 for path in folders)


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\x00b"])
def test_unusable_names(library, embedder, name):
    with pytest.raises(BadInput, match="name"):
        library.build(name, documents(1), CHUNKING, embedder)


def test_nothing_to_index(library, embedder, handbook):
    with pytest.raises(BadInput, match="no documents"):
        library.build("Empty", [], CHUNKING, embedder)
    with pytest.raises(BadInput, match="no text"):
        library.build("Empty", [Document(id="a", text=" \n")], CHUNKING, embedder)
    with pytest.raises(BadInput, match=r"'doc-0\.md'"):
        library.add("Handbook", [*documents(1), *documents(1)], embedder)
    with pytest.raises(BadInput, match="broken characters"):
        library.add("Handbook", [Document(id="a", text="\ud800")], embedder)
    assert library.names() == ["Handbook"]


def test_one_writer_at_a_time(library, embedder, handbook):
    impatient = Library(library.root, wait=0)
    (folder,) = (path.parent for path in library.root.glob("*/CURRENT"))
    with locked(library.root, folder.name):
        with pytest.raises(CollectionError, match="being written"):
            impatient.add("Handbook", documents(4), embedder)
        assert library.open("Handbook", embedder).ref.documents == 3
    library.add("Handbook", documents(4), embedder)


def test_the_version_before_is_kept_and_older_ones_are_not(library, embedder, handbook):
    first = version_of(library)
    library.add("Handbook", documents(4), embedder)
    assert first.exists()
    library.add("Handbook", documents(5), embedder)
    assert not first.exists()
    assert len(list(version_of(library).parent.iterdir())) == 2


@pytest.mark.parametrize(
    "name",
    [
        "documents.jsonl",
        "passages.jsonl",
        "vectors.npy",
        "lexical/rows.npy",
        "columns/hashes.npy",
        "columns/kinds.jsonl",
        "dense/dense.json",
    ],
)
@pytest.mark.parametrize("damage", ["cut", "changed", "missing"])
def test_damaged_files_are_found(library, embedder, handbook, name, damage):
    path = version_of(library) / name
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-5] if damage == "cut" else data[:-3] + b"###")
    with pytest.raises(CollectionError, match=r"'Handbook' is damaged.*Re-index it, or remove it"):
        library.open("Handbook", embedder)


@pytest.mark.parametrize("name", ["passages.jsonl", "vectors.npy", "lexical/lexical.json"])
def test_reindexing_mends_what_can_be_made_of_the_documents(library, embedder, handbook, name):
    (version_of(library) / name).write_text("damaged")
    library.reindex("Handbook", CHUNKING, embedder)
    opened = library.open("Handbook", embedder)
    assert (opened.ref, opened.passages) == (handbook.ref, handbook.passages)


def test_replacing_a_damaged_collection(library, embedder, handbook):
    (version_of(library) / "documents.jsonl").write_text("damaged")
    library.build("Handbook", documents(3), CHUNKING, embedder, replace=True)
    assert library.open("Handbook", embedder).ref == handbook.ref


def test_without_its_documents_a_collection_cannot_be_mended(library, embedder, handbook):
    (version_of(library) / "documents.jsonl").write_text("damaged")
    with pytest.raises(CollectionError, match=r"documents\.jsonl is not as it was written"):
        library.reindex("Handbook", CHUNKING, embedder)


def test_a_damaged_manifest_is_a_problem_and_the_others_are_listed(library, embedder, handbook):
    library.build("Other", documents(1), CHUNKING, embedder)
    (manifest,) = (path for path in library.root.rglob("manifest.json") if '"Handbook"' in path.read_text())
    manifest.write_text(manifest.read_text()[:40])
    assert library.names() == ["Other"] and library.damaged() == 1
    (problem,) = library.problems()
    assert "not complete JSON" in str(problem)
    library.remove_damaged()
    assert (library.names(), library.problems()) == (["Other"], [])


def test_a_collection_of_a_newer_version_is_a_problem_and_is_not_removed_as_damaged(library, embedder, handbook):
    manifest = version_of(library) / "manifest.json"
    written = json.dumps(json.loads(manifest.read_text()) | {"format": 99})
    manifest.write_text(written)
    (problem,) = library.problems()
    assert "written by a newer version of Second Pass (99)" in str(problem) and library.damaged() == 0
    library.remove_damaged()
    assert manifest.read_text() == written


def test_the_id_outlives_every_change(library, embedder, handbook, tmp_path):
    first = handbook.ref.id
    grown = library.add("Handbook", [Document(id="new.md", text="Brand new.")], embedder)
    cut = library.reindex("Handbook", Chunking(max_tokens=16), embedder)
    less = library.delete_documents("Handbook", ["new.md"])
    renamed = library.rename("Handbook", "Manual")
    assert [first, *(each.ref.id for each in (grown, cut, less, renamed))] == [first] * 5
    assert grown.ref.same_as(handbook.ref) and grown.ref.fingerprint != handbook.ref.fingerprint
    again = library.build("Manual", documents(2), CHUNKING, embedder, replace=True)
    assert again.ref.id == first
    library.share_to(Library(tmp_path / "other"), "Manual")
    assert Library(tmp_path / "other").open("Manual", embedder).ref.id == first


def test_two_collections_of_one_name_are_two(tmp_path, embedder):
    ours, theirs = Library(tmp_path / "ours"), Library(tmp_path / "theirs")
    mine = ours.build("My documents", documents(3), CHUNKING, embedder, owner="ana").ref
    other = theirs.build("My documents", documents(3), CHUNKING, embedder, owner="ben").ref
    assert mine.fingerprint == other.fingerprint
    assert not mine.same_as(other)


def test_a_collection_from_before_ids_has_one_that_stays(library, embedder, handbook):
    path = next(library.root.glob("*/versions/*/manifest.json"))
    saved = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in saved.items() if name != "id"}))
    first = library.manifest("Handbook").id
    assert len(first) == 32
    assert library.rename("Handbook", "Manual").id == first
    assert library.add("Manual", [Document(id="new.md", text="Brand new.")], embedder).ref.id == first


def test_a_recorded_run_without_an_id_is_known_by_its_content(handbook):
    old = handbook.ref.model_copy(update={"id": ""})
    assert old.same_as(handbook.ref)
    assert not old.model_copy(update={"fingerprint": "other"}).same_as(handbook.ref)


def test_a_manifest_that_has_not_changed_is_not_read_again(library, handbook):
    assert library.manifest("Handbook") is library.manifest("Handbook")
    library.rename("Handbook", "Manual")
    assert library.manifest("Manual").name == "Manual"
