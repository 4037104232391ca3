"""What every database that takes collections has to do: a suite that its test inherits (`Kept` is filled by it).

A collection is made, asked, added to, replaced; what goes wrong is said and leaves whole documents.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from rag_core.corpus.collection import Collection
from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.corpus.storage.token_book import FILE, TokenBook
from rag_core.corpus.stored_indexing import IntoStore, Written, index_into_store
from rag_core.errors import BadInput, EngineError, WrongDimension
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.every_index import StoredCollections, index_named
from rag_core.retrieval.engines.model_check import check_model
from rag_core.retrieval.engines.stores import NamedStore
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile
from rag_core.schema.filters import Dated, Equal, Filter
from rag_core.schema.policy import DEFAULT_POOL, DEFAULT_RERANKER, Policy
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from rag_core.settings import Settings
from tests.corpus.doubles import TokenEmbedder

QUERY = "How long do refunds take?"
DOCUMENTS = (
    Document(id="refunds.md", title="Refunds", text="# Refunds\n\n## In the EU\n\nRefunds take thirty days.",
             source="policy", tenant="acme", updated_at="2026-03-14", metadata={"stars": 4, "lang": "en"}),
    Document(id="shipping.md", title="Shipping", text="# Shipping\n\nParcels arrive within five days."),
    Document(id="100% “odd'; DROP TABLE x.md", title="", text="A naïve 100% claim: %s is 日本語, don't \\ worry."),
)  # fmt: skip


class Kept(ABC):
    """What a user has: a store, a data folder, a model.

    words   whether the server has lexical search
    days    whether it can compare days
    secret  of the store, in `TEAM_PW`
    """

    words = True
    days = True
    secret: str

    def __init__(self, folder: Path, embedder: SentenceEmbedder, store: NamedStore) -> None:
        self.folder, self.embedder, self.store = folder, embedder, store
        self.file = folder / "stores.json"
        entry = store.store.model_dump(by_alias=True) | {"secret_env": "TEAM_PW"}
        self.file.write_text(json.dumps({"Team": entry}))

    def index(self, documents: Sequence[Document] = DOCUMENTS, name: str = "Hand%book", **more: object) -> Written:
        given: dict[str, object] = {"store": self.store, "embedder": self.embedder, "chunking": Chunking(), **more}
        return index_into_store(name, documents=documents, data_dir=self.folder, **given)  # type: ignore[arg-type]

    def opened(self, name: str = "Hand%book", *, exact: bool = False) -> ConnectedCollection:
        """The collection by its name. exact: searched without an index that leaves some out."""
        settings = Settings(data_dir=self.folder, stores=self.file)
        found = index_named(name, settings, {"TEAM_PW": self.secret}).collection(self.embedder)
        if exact:
            found.index.config = found.config.with_(exact=True)  # type: ignore[attr-defined]
        return found

    def reranked(self) -> Trace:
        """The question by late interaction that remembers nothing, as in a process of its own."""
        pipeline = Pipeline(self.opened(), self.embedder, rerankers=lambda _: LateInteractionReranker())
        return pipeline.run(QUERY, reranker="late-interaction")

    @abstractmethod
    def rows(self, name: str = "Hand%book") -> dict[str, tuple[str, str]]:
        """All that is in the database, by passage id: something that a write changes, and its text."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the server."""

    @abstractmethod
    def start(self) -> None:
        """Start it again with what it has."""

    @abstractmethod
    def refusing(self, text: str) -> AbstractContextManager[None]:
        """The server writes no passage that begins so, while it lasts."""

    @abstractmethod
    def somebody_elses(self, name: str) -> AbstractContextManager[NamedStore]:
        """A store in which somebody else has something where a collection of that name would be."""


class Failing:
    """The packaged model, which fails or calls `then` when it embeds the passages of a document."""

    def __init__(self, embedder: SentenceEmbedder, then: object) -> None:
        self.embedder, self.then = embedder, then
        self.model, self.name, self.dimensions = embedder.model, embedder.name, embedder.dimensions
        self.max_tokens, self.at_once, self.load_ms = embedder.max_tokens, 1, 0.0
        self.embed_query, self.token_spans = embedder.embed_query, embedder.token_spans

    def embed(self, texts, progress=None):  # type: ignore[no-untyped-def]
        made = self.embedder.embed(texts)
        if any("Parcels" in text for text in texts):
            self.then()  # type: ignore[operator]
        return made


class StoredConformance:
    """The fixture `kept` brings an empty store."""

    def test_it_is_opened_by_its_name_and_asked_as_any_collection(self, kept: Kept) -> None:
        assert str(kept.index()) == "3 documents written (3 passages)"
        found = kept.opened()
        trace = Pipeline(found, kept.embedder).run(QUERY, Policy(top_k=1))
        assert [hit.passage.document_id for hit in trace.kept] == ["refunds.md"]
        (passage,) = found.passages_named("refunds.md")
        assert (passage.title, passage.source, passage.tenant, passage.metadata) == (
            "Refunds", "policy", "acme", {"stars": 4, "lang": "en"},
        )  # fmt: skip
        assert passage.model_text == "Refunds > In the EU\nRefunds take thirty days."
        assert check_model(found).verdict == "fits"
        odd = DOCUMENTS[2].id
        assert [one.text for one in found.passages_named(odd)] == [DOCUMENTS[2].text]
        dated = (Dated(field="updated_at", after="2026-01-01"),) if kept.days else ()
        where = Filter(conditions=(Equal(field="stars", value=4), *dated))
        assert [one for one, _ in found.dense(kept.embedder.embed_query(QUERY), 9, where).hits] == [passage.id]
        if kept.words:
            assert [one for one, _ in found.lexical("parcels", 9).hits] == ["shipping.md::0"]
            assert found.lexical("eu", 9).hits[0][0] == passage.id, "the headings are searched too"
        else:
            assert "has no lexical search" in found.lexical("parcels", 9).unavailable
        assert kept.file.read_text().count("secret") == 1 and kept.secret not in "".join(
            path.read_text() for path in (kept.folder / "stored").iterdir()
        )

    def test_no_process_reads_a_passage_again_that_another_one_read(self, kept: Kept) -> None:
        kept.index()
        made, again = kept.reranked(), kept.reranked()
        assert (made.rerank.tokens > 0, again.rerank.tokens) == (True, 0)
        assert again[StepName.RERANKED].hits == made[StepName.RERANKED].hits
        codes = [[note.code for note in trace[StepName.RERANKED].warnings] for trace in (made, again)]
        assert ["token-vectors-read-now" in one for one in codes] == [True, False]
        kept.index([DOCUMENTS[1].with_(text="# Shipping\n\nParcels arrive tomorrow.")])
        assert 0 < kept.reranked().rerank.tokens < made.rerank.tokens, "what is new is read, and nothing else"
        IntoStore(kept.store, kept.folder).remove("Hand%book")
        kept.index()
        assert kept.reranked().rerank.tokens == made.rerank.tokens, "they go with their collection"

    def test_token_vectors_are_kept_while_it_is_indexed_where_they_fit(self, kept: Kept) -> None:
        kept.index(token_bytes=2**20)
        trace = kept.reranked()
        assert trace.rerank.tokens == 0 and len(trace[StepName.RERANKED].hits) > 0
        IntoStore(kept.store, kept.folder).remove("Hand%book")
        kept.index(token_bytes=1000)
        assert kept.reranked().rerank.tokens > 0, "one passage's alone take more"

    def test_where_token_vectors_cannot_be_kept_documents_are_and_that_is_said(self, kept: Kept) -> None:
        (kept.folder / FILE).mkdir()
        written = kept.index(token_bytes=2**20)
        assert written.documents == 3 and "token vectors were not kept: " in str(written)
        assert len(kept.rows()) == 3
        trace = kept.reranked()
        assert trace.rerank.tokens > 0
        assert "token-vectors-not-kept" in [note.code for note in trace[StepName.RERANKED].warnings]

    def test_what_is_removed_is_gone_where_its_token_vectors_cannot_be(self, kept: Kept) -> None:
        kept.index()
        (kept.folder / FILE).mkdir()
        left = IntoStore(kept.store, kept.folder).remove("Hand%book")
        assert left.startswith("Its token vectors may be left: ") and "cannot be used" in left
        assert StoredCollections(kept.folder).find("Hand%book") is None
        with closing(kept.store.table("Hand%book")) as table:
            assert table.made() is None

    def test_at_a_limit_of_0_those_that_are_there_go_with_the_next_indexing(self, kept: Kept) -> None:
        kept.index(token_bytes=2**20)
        other = TokenBook(kept.folder, "another collection", 2**20)
        codes = TokenEmbedder().codes_of("Some text.")
        other.keep("letters@1", {"ab" * 32: codes})
        kept.index([DOCUMENTS[0]], token_bytes=0)
        assert kept.reranked().rerank.tokens > 0
        assert not other.find("letters@1", ["ab" * 32]).codes

    def test_the_sample_corpus_gives_the_same_ten_as_in_files(
        self, kept: Kept, sample: Collection, packaged: SentenceEmbedder
    ) -> None:
        plan = IndexingPlan("Some of it", None, sample.manifest.chunking, 50_000)
        sample = index_documents(plan, sample.documents()[:60], packaged, known=sample)
        kept.index(sample.documents(), "sample", chunking=plan.chunking)
        found = kept.opened("sample", exact=True)
        assert found.size() == len(sample.passages)
        for query in (QUERY, "Who signs a purchase over 10,000?", "VPN does not connect"):
            vector = packaged.embed_query(query)
            here, there = sample.dense(vector, 10).hits, found.dense(vector, 10).hits
            assert [score for _, score in there] == pytest.approx([score for _, score in here], abs=1e-4)
            assert {one for one, score in here if score > here[-1][1] + 1e-4} <= {one for one, _ in there}
            trace, own = (Pipeline(one, packaged).run(query, reranker="late-interaction") for one in (found, sample))
            for one in trace.kept:
                assert one.passage.model_text == sample.passage(one.passage.id).model_text
            assert trace.kept[0].passage.id == own.kept[0].passage.id
        trace, own = (Pipeline(one, packaged).run(QUERY) for one in (found, sample))
        assert (trace.policy.reranker, len(trace.pairs)) == (DEFAULT_RERANKER, DEFAULT_POOL)
        best, its = trace.reranked_step.hits[0], own.reranked_step.hits[0]
        assert (best.passage_id, best.score) == (its.passage_id, pytest.approx(its.score, abs=0.05))

    def test_adding_writes_what_is_new_or_changed_and_nothing_else(self, kept: Kept) -> None:
        kept.index()
        before = kept.rows()
        changed = DOCUMENTS[1].with_(text="# Shipping\n\nParcels arrive tomorrow.\n\n## Abroad\n\nIn a week.")
        fresh = Document(id="new.md", text="Something new.")
        assert kept.index([DOCUMENTS[0], changed, fresh]) == Written(documents=2, unchanged=1, passages=3)
        after = kept.rows()
        same = ["refunds.md::0", f"{DOCUMENTS[2].id}::0"]
        assert [after[one] for one in same] == [before[one] for one in same]
        assert sorted(after) == sorted([*same, "new.md::0", "shipping.md::0", "shipping.md::1"])
        assert "tomorrow" in after["shipping.md::0"][1]

    def test_replacing_removes_what_is_gone(self, kept: Kept) -> None:
        kept.index()
        before = kept.rows()
        assert kept.index(DOCUMENTS[1:], whole=True) == Written(unchanged=2, removed=1)
        assert kept.rows() == {one: row for one, row in before.items() if not one.startswith("refunds.md")}
        with pytest.raises(BadInput, match="is there already"):
            kept.index(new=True)

    def test_rows_that_a_new_version_of_a_table_no_longer_has_are_removed(self, kept: Kept) -> None:
        rows = [Document(id=f"faq.csv#{number}", text=f"Answer {number}.") for number in (1, 2, 10)]
        others = [Document(id=name, text="Something else.") for name in ("faq.csv2#1", "faq.cs", "a.md")]
        kept.index([*rows, *others])
        file = SourceFile(name="faq.csv")
        assert kept.index(rows[:1], files=(file,)) == Written(unchanged=1, removed=2)
        assert {one.partition("::")[0] for one in kept.rows()} == {"faq.csv#1", *(one.id for one in others)}

    def test_an_interruption_leaves_whole_documents_and_the_next_call_writes_the_rest(self, kept: Kept) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            kept.index(embedder=Failing(kept.embedder, interrupt))
        assert sorted(kept.rows()) == ["refunds.md::0"]
        assert Pipeline(kept.opened(), kept.embedder).run(QUERY).kept[0].passage.id == "refunds.md::0"
        assert kept.index() == Written(documents=2, unchanged=1, passages=2)

    def test_a_server_that_goes_away_half_way_is_said_with_what_was_written(self, kept: Kept) -> None:
        with pytest.raises(EngineError, match=r"Nothing answers at .* 1 of 3 documents was written") as gone:
            kept.index(embedder=Failing(kept.embedder, kept.stop))
        assert kept.secret not in str(gone.value)
        kept.start()
        assert sorted(kept.rows()) == ["refunds.md::0"]
        assert kept.index() == Written(documents=2, unchanged=1, passages=2)

    def test_a_document_is_written_whole_or_not_at_all(self, kept: Kept) -> None:
        """The second passage of a document cannot be written: the document stays as it was."""
        kept.index()
        before = kept.rows()
        changed = DOCUMENTS[1].with_(text="# Shipping\n\nParcels arrive tomorrow.\n\n## Abroad\n\nIn a week.")
        with kept.refusing("In a week"), pytest.raises(EngineError, match="Nothing was written"):
            kept.index([changed])
        assert kept.rows() == before
        assert [one.text for one in kept.opened().passages_named("shipping.md")] == ["Parcels arrive within five days."]
        assert kept.index([changed]) == Written(documents=1, passages=2)
        assert sorted(kept.rows())[-2:] == ["shipping.md::0", "shipping.md::1"]

    def test_a_table_that_was_made_with_something_else_is_not_touched(self, kept: Kept) -> None:
        kept.index()
        before = kept.rows()
        other = Failing(kept.embedder, lambda: None)
        other.model = "another@1"
        for more, said in (
            ({"embedder": other}, "was made with the model all"),
            ({"chunking": Chunking(max_tokens=64)}, "64"),
        ):
            with pytest.raises(BadInput, match=said):
                kept.index(DOCUMENTS[:1], whole=True, **more)
        other.dimensions = 7
        with pytest.raises(WrongDimension, match="have 384 numbers, and the embedding model here makes 7"):
            kept.index(embedder=other)
        with kept.somebody_elses("mine") as store, pytest.raises(BadInput, match="Second Pass did not make it"):
            kept.index(name="mine", store=store)
        assert kept.rows() == before

    def test_the_note_of_a_store_that_is_not_named_any_more_says_so(self, kept: Kept) -> None:
        kept.index()
        with pytest.raises(BadInput, match="no store “Team”"):
            index_named("Hand%book", Settings(data_dir=kept.folder), {})
        with pytest.raises(BadInput, match="TEAM_PW is not set"):
            index_named("Hand%book", Settings(data_dir=kept.folder, stores=kept.file), {})
