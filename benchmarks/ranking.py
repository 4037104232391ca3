"""What `quality.py` compares: the orders that each search, their fusion and each reranker give a labelled set.

Every algorithm is rag_core's; this module reads a folder, samples queries and keeps vectors and pair scores on disk.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from rag_core.evaluation.beir import read_corpus, read_folder
from rag_core.evaluation.files import File
from rag_core.pipeline.signals import adjust
from rag_core.rerank.base import Reranker
from rag_core.rerank.blend import BlendReranker
from rag_core.rerank.scoring import score_pairs
from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.retrieval.engines.faiss_index import DenseIndex
from rag_core.retrieval.fusion import rrf
from rag_core.schema.documents import Passage
from rag_core.schema.fusion import Fusion
from rag_core.schema.measurement import RankedList
from rag_core.schema.policy import FULL_DEPTH, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit, Timing
from rag_core.schema.threshold import to_relevance
from rag_core.storage.database import Store

DEPTH = 100
RRF_K = Fusion().k
SEED = 20261120

Ranked = dict[str, list[str]]
Scores = dict[str, dict[str, float]]
Lists = dict[str, tuple[RankedList, RankedList]]
"""The dense and the lexical list by query."""


@dataclass(frozen=True)
class Folder:
    """A labelled set: documents as single passages by id, sampled queries, grades by query and document."""

    name: str
    passages: dict[str, Passage]
    queries: dict[str, str]
    grades: dict[str, dict[str, int]]
    all_queries: int

    @property
    def texts(self) -> list[str]:
        """What the models read of each document: title, then text."""
        return [passage.model_text for passage in self.passages.values()]


def read(path: Path, sample: int, relevant: int = 1) -> Folder:
    """The folder's documents, and a fixed random sample of its queries that have a relevant one (0: all of them).

    Grades below `relevant` count as 0.
    """
    labelled = read_folder(path)
    passages = {
        document.id: Passage(
            id=document.id,
            document_id=document.id,
            start=0,
            end=len(document.text),
            text=document.text,
            title=document.title,
        )
        for document in read_corpus(File.at(path / "corpus.jsonl"))
    }
    judged = {q.id: labelled.qrels.get(q.id, {}) for q in labelled.queries}
    grades = {query: {i: g for i, g in own.items() if g >= max(relevant, 1)} for query, own in judged.items()}
    answered = [q for q in labelled.queries if grades[q.id]]
    chosen = random.Random(SEED).sample(answered, sample) if 0 < sample < len(answered) else answered
    return Folder(path.name, passages, {q.id: q.text for q in chosen}, grades, len(answered))


def measured_lists(folder: Folder, cache: Path) -> Lists:
    """The dense and the lexical list of each query, as deep as a run measures them."""
    ids, texts = list(folder.passages), folder.texts
    lexical = LexicalIndex.build(texts)
    dense = DenseIndex.build(vectors(texts, cache), exact_limit=len(texts))
    embedder = get_embedder()
    found = {}
    for query, text in folder.queries.items():
        near, words = dense.search(embedder.embed_query(text), FULL_DEPTH), lexical.search(text, FULL_DEPTH)
        found[query] = (_list(ids, near[0], near[1]), _list(ids, words[0], words[1]))
    return found


def _list(ids: list[str], rows: np.ndarray, scores: np.ndarray) -> RankedList:
    found = zip([ids[row] for row in rows], scores.tolist(), strict=True)
    return RankedList(found=tuple(found), timing=Timing())


def searches(folder: Folder, cache: Path) -> dict[str, Ranked]:
    """BM25, dense and RRF, each to depth 100: ids by query."""
    return fused(measured_lists(folder, cache))


def fused(lists: Lists) -> dict[str, Ranked]:
    """BM25, dense and RRF, each to depth 100: ids by query."""
    found: dict[str, Ranked] = {"BM25": {}, "dense": {}, "RRF": {}}
    for query, (dense, lexical) in lists.items():
        near, words = ([one for one, _ in listed.found[:DEPTH]] for listed in (dense, lexical))
        found["BM25"][query], found["dense"][query] = words, near
        found["RRF"][query] = [hit.id for hit in rrf({"dense": near, "lexical": words}, {"dense": 1.0, "lexical": 1.0})]
    return found


def vectors(texts: list[str], cache: Path) -> np.ndarray:
    """Unit vectors of the texts, from disk if the same texts were embedded by the same model before."""
    embedder = get_embedder()
    key = hashlib.sha256("\0".join([embedder.model, *texts]).encode()).hexdigest()[:16]
    file = cache / f"vectors-{key}.npy"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(file, embedder.embed(texts))
    found: np.ndarray = np.load(file)
    return found


def reranked(folder: Folder, fused: Ranked, reranker: Reranker, pool: int, cache: Path) -> Scores:
    """The reranker's score of each query's fused pool, by query and document id; a pair is scored once for all runs."""
    if isinstance(reranker, BlendReranker):
        one, other = (reranked(folder, fused, part, pool, cache) for part in reranker.parts)
        return {query: {i: reranker.combined(one[query][i], other[query][i]) for i in one[query]} for query in one}
    pairs = Store(f"sqlite:///{(cache / 'pairs.db').resolve()}").pair_cache()
    scores: Scores = {}
    for query, text in folder.queries.items():
        passages = [folder.passages[i] for i in fused[query][:pool]]
        measured = score_pairs(reranker, text, passages, pairs)
        if measured.failure:
            raise RuntimeError(measured.failure)
        scores[query] = {passage_id: pair.score for passage_id, pair in measured.pairs.items()}
    return scores


def interpolated(
    folder: Folder, found: Mapping[str, Ranked], scores: Scores, space: ScoreSpace, weight: float
) -> Ranked:
    """The pool in the order of relevance + weight x search share, as signals weigh them; the rest follows as it was.

    `found` has the lists that were fused. The share is the fused score over the best possible. Equal sums keep the
    fused order.
    """
    signals = Signals(on=True, relevance=1, freshness=0, authority=0, diversity=0, search=weight)
    orders: Ranked = {}
    for query, own in scores.items():
        hits = rrf({name: ranked[query] for name, ranked in found.items()}, dict.fromkeys(found, 1.0))
        head, rest = hits[: len(own)], hits[len(own) :]
        share = {hit.id: hit.score * (RRF_K + 1) / len(found) for hit in head}
        scored = [Hit(passage_id=hit.id, rank=rank, score=own[hit.id]) for rank, hit in enumerate(head, start=1)]
        relevance = list(to_relevance(scored, space).items())
        ordered = adjust(relevance, share, folder.passages, signals, date.min)
        orders[query] = [hit.passage_id for hit in ordered] + [hit.id for hit in rest]
    return orders


def oracle(folder: Folder, fused: Ranked, pool: int) -> Ranked:
    """The same pool with the best grades first: what no order of it can beat."""
    return {
        query: sorted(ids[:pool], key=lambda i, q=query: -folder.grades[q].get(i, 0)) + ids[pool:]  # type: ignore[misc]
        for query, ids in fused.items()
    }
