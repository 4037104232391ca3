"""Small real collections whose cosines and reranker scores are written down, searched by the real pipeline."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.fixed import FixedReranker
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document

QUESTION = "refund"


@dataclass(frozen=True)
class Passage:
    """A document of one passage: its cosine to every question, its reranker score, and its words.

    Only passages with the word `refund` are found by lexical search for QUESTION.
    """

    id: str
    cosine: float
    score: float = 0.0
    words: str = "nothing of it"
    source: str = ""
    updated_at: date | None = None
    tenant: str | None = None

    @property
    def document(self) -> Document:
        return Document(
            id=self.id,
            title=f"Title {self.id}",
            text=f"{self.words} ({self.cosine:.3f})",
            source=self.source,
            updated_at=self.updated_at,
            tenant=self.tenant,
        )


class WrittenCosine:
    """A text's vector has the cosine to every query that the text itself names in brackets: `(0.800)`; else 0."""

    model, dimensions, max_tokens, load_ms = "written@1", 2, 256, 0.0

    def embed(self, texts, progress=None):
        return np.stack([self._vector(text) for text in texts])

    def embed_query(self, query):
        return np.array([1.0, 0.0], dtype=np.float32)

    def token_spans(self, text):
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]

    def _vector(self, text):
        named = re.search(r"\((-?\d\.\d{3})\)", text)
        cosine = float(named[1]) if named else 0.0
        return np.array([cosine, math.sqrt(1 - cosine * cosine)], dtype=np.float32)


@dataclass
class World:
    """A collection and the pipeline over it."""

    documents: list[Document]
    scores: dict[str, float] = field(default_factory=dict)
    chunking: Chunking = field(default_factory=Chunking)
    reads: int | None = None

    def __post_init__(self):
        embedder = WrittenCosine()
        plan = IndexingPlan(name="World", owner=None, chunking=self.chunking, exact_limit=1000)
        self.collection = index_documents(plan, self.documents, embedder)
        by_reading = {
            passage.model_text: self.scores.get(passage.document_id, 0.0) for passage in self.collection.passages
        }
        self.reranker = FixedReranker(by_reading, max_tokens=self.reads)
        self.pipeline = Pipeline(self.collection, embedder, rerankers=lambda key: self.reranker)


def world(*passages: Passage, **more: object) -> World:
    """The world of these passages."""
    return World([p.document for p in passages], {p.id: p.score for p in passages}, **more)
