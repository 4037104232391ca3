"""The promise of counterfactuals on the sample corpus: real searches, every labelled query whose document is lost.

The reranker counts words, so that hundreds of pairs cost nothing; what is tested is the deciding, not the model.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

from rag_core.diagnosis import Expected, diagnose, locate, pairs_needed, what_would_keep
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.rerank.fixed import FixedReranker
from rag_core.schema.policy import Policy
from rag_core.schema.threshold import Threshold
from tests.diagnosis.promise import check

SAMPLE = Path(__file__).parents[2] / "sample_corpus"
POLICY = Policy(reranker="words", pool=20, top_k=3, threshold=Threshold(minimum=0.55))


def labelled():
    """(query, best graded document), one a query that has one."""
    texts = {q["_id"]: q["text"] for q in map(json.loads, (SAMPLE / "queries.jsonl").read_text().splitlines())}
    with (SAMPLE / "qrels.tsv").open() as file:
        rows = sorted(csv.DictReader(file, delimiter="\t"), key=lambda row: -int(row["score"]))
    best = {row["query-id"]: row["corpus-id"] for row in reversed(rows) if int(row["score"]) > 0}
    return [(texts[query_id], document) for query_id, document in sorted(best.items())]


def test_every_suggestion_for_a_lost_document_is_true(sample, packaged):
    reranker = FixedReranker()
    pipeline = Pipeline(sample, packaged, rerankers=lambda key: reranker)
    seen = Counter()
    for query, document in labelled()[::3]:
        measured = pipeline.score(pipeline.measure(query), POLICY)
        location = locate(sample, Expected(document=document))
        verdict = diagnose(replay(measured, POLICY), location).verdict
        if not verdict.lost:
            continue
        needed = pairs_needed(measured, POLICY, location)
        for name, passages in needed.items():
            measured = pipeline.score_passages(measured, name, passages)
        what_if = what_would_keep(measured, POLICY, location)
        assert what_if.unscored == 0
        check(measured, POLICY, what_if, *location.passage_ids)
        seen[verdict] += 1
        seen["suggestions"] += len(what_if.found)
    assert seen["suggestions"] > 20 and len(seen) > 3, seen
