"""A large collection is changed by what is new, and finds what one finds that was indexed as a whole."""

from __future__ import annotations

import json
import os

import faiss
import numpy as np
import pytest

from rag_core.corpus import extending
from rag_core.corpus.facets import facets
from rag_core.corpus.joined import JoinedCollection
from rag_core.corpus.storage.library import Library
from rag_core.errors import BadInput, CollectionError
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile
from rag_core.schema.filters import Equal, Filter, make_filter
from tests.corpus.doubles import TokenEmbedder, documents

MANY = documents(40)
NEW = Document(id="new.md", title="New", text="# Fresh\n\nA word like topic3 and zebra.", tenant="zoo")
CHANGED = MANY[5].with_(text="# Terms\n\nAll new, with topic5 and topic6.")
EMPTY = Document(id="empty.md", text=" ")
QUERIES = ("topic3 refunds", "zebra", "day of the month", "all new", "fresh topic6")
FILTERS = (
    None,
    make_filter(tenants=["zoo"]),
    make_filter(tenants=["acme"]),
    Filter(conditions=(Equal(field="document_id", value="doc-5.md"),)),
)


def large(folder):
    return Library(folder / "large", whole_below=10)


def small(folder):
    return Library(folder / "small", whole_below=10**9)


def add(*fresh, files=()):
    return lambda library: library.add("Handbook", list(fresh), TokenEmbedder(), files=files)


def delete(*ids):
    return lambda library: library.delete_documents("Handbook", ids)


CHANGES = {
    "one more": [add(NEW)],
    "one that is there": [add(CHANGED)],
    "one without text": [add(EMPTY)],
    "one after the other": [add(NEW), add(CHANGED), add(NEW.with_(text="Only a zebra."))],
    "one less": [delete("doc-7.md")],
    "all that came since": [add(NEW), delete("new.md")],
    "some of what came since": [add(NEW, EMPTY), delete("new.md", "doc-0.md")],
    "there and back": [delete("doc-5.md"), add(MANY[5])],
    "a file twice": [
        add(*(NEW.with_(id=f"a.csv#{row}") for row in range(3)), files=[SourceFile(name="a.csv")]),
        add(NEW.with_(id="a.csv#1"), files=[SourceFile(name="a.csv")]),
    ],
    "a tenant less": [add(NEW), delete("new.md"), add(CHANGED)],
}


def same(one, other):
    """Everything that is asked of a collection has the same answer."""
    embedder = TokenEmbedder()
    assert (one.ref.fingerprint, one.ref.documents, one.ref.passages) == (
        other.ref.fingerprint,
        other.ref.documents,
        other.ref.passages,
    )
    assert one.documents() == other.documents() and one.passages == other.passages
    assert one.files == other.files
    assert list(one.texts.document_ids()) == [document.id for document in one.documents()]
    np.testing.assert_array_equal(np.asarray(one.vectors), np.asarray(other.vectors))
    for document in other.documents():
        assert one.document(document.id) == document
        assert one.passages_of(document.id) == other.passages_of(document.id)
    for passage in other.passages:
        assert one.passage(passage.id) == passage
        assert one.token_vectors.get(passage.content_hash).codes.tolist() == (
            other.token_vectors.get(passage.content_hash).codes.tolist()
        )
    for where in FILTERS:
        assert (one.count(where), one.listed(5, where)) == (other.count(where), other.listed(5, where))
        for query in QUERIES:
            vector = embedder.embed_query(query)
            assert one.dense(vector, 7, where) == other.dense(vector, 7, where)
            mine, its = one.lexical(query, 7, where), other.lexical(query, 7, where)
            assert mine.terms == its.terms
            assert [name for name, _ in mine.hits] == [name for name, _ in its.hits]
            assert [score for _, score in mine.hits] == pytest.approx([score for _, score in its.hits])
    assert facets(one.kinds()) == facets(other.kinds())


@pytest.fixture
def both(tmp_path):
    libraries = large(tmp_path), small(tmp_path)
    for library in libraries:
        library.build("Handbook", MANY, Chunking(), TokenEmbedder())
    return libraries


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_found_is_what_a_whole_index_finds(both, changes):
    for change in changes:
        made, whole = (change(library) for library in both)
        assert isinstance(made, JoinedCollection) and not isinstance(whole, JoinedCollection)
        same(made, whole)
    one, other = (library.open("Handbook", TokenEmbedder()) for library in both)
    assert isinstance(one, JoinedCollection)
    same(one, other)
    assert one.has_document("doc-7.md") == other.has_document("doc-7.md")


def test_a_graph_stays_as_it_is_and_what_came_since_is_searched_beside_it(tmp_path):
    library = Library(tmp_path / "large", exact_limit=10, whole_below=10)
    library.build("Handbook", MANY, Chunking(), TokenEmbedder())
    whole = small(tmp_path)
    whole.build("Handbook", MANY, Chunking(), TokenEmbedder())
    for change in (add(NEW, CHANGED), delete("doc-7.md")):
        made, other = change(library), change(whole)
        assert (made.manifest.index, made.recent.manifest.index) == ("hnsw", "exact")
        for query in QUERIES:
            vector = TokenEmbedder().embed_query(query)
            found, exact = made.dense(vector, 7), other.dense(vector, 7)
            assert found.hits == exact.hits and "HNSW" in found.approximate and not exact.approximate
            narrow = make_filter(tenants=["acme"])
            assert made.dense(vector, 7, narrow) == other.dense(vector, 7, narrow)  # half of the rows: exact
    assert library.open("Handbook", TokenEmbedder()).dense(vector, 7) == found


@pytest.mark.parametrize("change", [add(*documents(42)[40:]), add(NEW, CHANGED), delete("doc-7.md")])
def test_the_breadth_that_is_told_is_the_one_that_was_used(tmp_path, monkeypatch, change):
    library = Library(tmp_path, exact_limit=10, whole_below=10)
    many = [one.model_copy(update={"id": f"{n}-{one.id}", "tenant": "zoo"}) for n in range(9) for one in MANY]
    library.build("Handbook", [*MANY, *many], Chunking(), TokenEmbedder())
    made, searched, asked = change(library), faiss.SearchParametersHNSW, []
    assert isinstance(made, JoinedCollection)

    def noted(**given):
        asked.append(given["efSearch"])
        return searched(**given)

    monkeypatch.setattr(faiss, "SearchParametersHNSW", noted)
    for where in (None, make_filter(tenants=["zoo"])):
        for depth in (5, 300):
            asked.clear()
            found = made.dense(TokenEmbedder().embed_query("topic3"), depth, where)
            assert found.approximate == f"HNSW graph, breadth {asked[0]}" and asked[0] >= max(256, 2 * depth)


def test_an_open_collection_is_read_on_when_others_have_replaced_its_version(tmp_path):
    library = Library(tmp_path, whole_below=10**9)
    library.build("Handbook", MANY, Chunking(), TokenEmbedder())
    opened = Library(tmp_path).open("Handbook", TokenEmbedder())
    for fresh in (NEW, CHANGED, EMPTY):
        library.add("Handbook", [fresh], TokenEmbedder())
    assert opened.passages[-1].document_id == "doc-39.md"
    assert opened.texts.document_ids() == [one.id for one in MANY]


def test_the_base_is_not_written_again_and_only_what_is_new_is_embedded(both):
    library, _ = both
    before = {path.stat().st_ino for path in library.root.rglob("versions/*/vectors.npy")}
    embedder = TokenEmbedder()
    library.add("Handbook", [NEW], embedder)
    assert embedder.embedded == ["New > Fresh\nA word like topic3 and zebra."]
    assert {path.stat().st_ino for path in library.root.rglob("base/vectors.npy")} == before
    library.add("Handbook", [CHANGED], embedder)
    assert len(embedder.embedded) == 2
    assert {path.stat().st_ino for path in library.root.rglob("base/vectors.npy")} == before


def test_after_much_change_all_is_indexed_as_a_whole_again(both, monkeypatch):
    library, whole = both
    monkeypatch.setattr(extending, "MOST_RECENT", 1)
    assert isinstance(library.add("Handbook", [NEW, CHANGED], TokenEmbedder()), JoinedCollection)
    other = NEW.with_(id="other.md")
    made = library.add("Handbook", [other], TokenEmbedder())
    assert not isinstance(made, JoinedCollection)
    whole.add("Handbook", [NEW, CHANGED], TokenEmbedder())
    same(library.open("Handbook", TokenEmbedder()), whole.add("Handbook", [other], TokenEmbedder()))
    gone = [f"doc-{number}.md" for number in range(10, 20)]  # over a tenth
    assert not isinstance(library.delete_documents("Handbook", gone), JoinedCollection)


def test_it_is_cut_into_other_passages_renamed_and_shared(both, tmp_path):
    library, _ = both
    library.add("Handbook", [NEW, CHANGED], TokenEmbedder())
    library.rename("Handbook", "Manual")
    assert library.open("Manual", TokenEmbedder()).ref.name == "Manual"
    other = Library(tmp_path / "other", whole_below=10)
    library.share_to(other, "Manual")
    found = other.add("Manual", [EMPTY], TokenEmbedder())
    assert isinstance(found, JoinedCollection) and found.ref.documents == 42
    made = other.reindex("Manual", Chunking(max_tokens=16), TokenEmbedder())
    assert not isinstance(made, JoinedCollection)
    assert [one.id for one in made.documents()] == [one.id for one in found.documents()]


def test_an_unknown_document_and_an_id_that_stands_twice_are_refused(both):
    library, _ = both
    with pytest.raises(BadInput, match="no document 'x'"):
        library.delete_documents("Handbook", ["x"])
    with pytest.raises(BadInput, match=r"'new\.md'"):
        library.add("Handbook", [NEW, NEW], TokenEmbedder())


@pytest.mark.parametrize(
    "name", ["base/vectors.npy", "base/manifest.json", "recent/passages.jsonl", "recent/manifest.json", "gone_rows.npy"]
)
@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_damage_is_found_in_every_part_and_told_by_the_present_name(both, name, damage):
    library, _ = both
    library.add("Handbook", [NEW, CHANGED], TokenEmbedder())
    library.rename("Handbook", "Manual")
    (current,) = library.root.glob("*/CURRENT")
    path = current.parent / "versions" / current.read_text() / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-3] + b"###")
    with pytest.raises(CollectionError, match="'Manual' is damaged"):
        library.open("Manual", TokenEmbedder())


def test_a_file_system_without_links_gets_copies(both, monkeypatch):
    def refuse(*_):
        raise OSError("not supported")

    monkeypatch.setattr(os, "link", refuse)
    library, whole = both
    same(add(NEW)(library), add(NEW)(whole))
    same(*(one.open("Handbook", TokenEmbedder()) for one in both))


def test_the_manifest_says_what_lies_there(both):
    library, _ = both
    library.add("Handbook", [NEW, CHANGED], TokenEmbedder())
    (current,) = library.root.glob("*/CURRENT")
    manifest = json.loads((current.parent / "versions" / current.read_text() / "manifest.json").read_text())
    assert (manifest["format"], manifest["parts"], manifest["documents"]) == (4, 2, 41)
    assert {"base/manifest.json", "recent/manifest.json"} <= set(manifest["files"])
