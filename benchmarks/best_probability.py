"""Whether the default reranker's probabilities hold on graded sets: of all pairs, and of the best passages.

    python -m benchmarks.best_probability sample_corpus
    python -m benchmarks.best_probability BASES/university --relevant 2

Each question is measured once under the default policy. Printed for every folder: Brier score, calibration error (ECE),
mean and share right of all pairs and of the best passages, by their own probability and by the trace's
`best_probability`; how often an answerable question's best is above an unanswerable one's (AUC), and how often a right
best is above a wrong one; what the default threshold and one that lets 95% of the answerable pass hold back; what
thresholds leave of nDCG@5 of the passages kept for the answer, over the answerable questions. `pairs
fitted`: a logistic curve on pairs alone, in five folds of questions (`second-pass calibrate`). Last, what fits the best
passages of this folder: those of `university` are in the shipped model's config.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from rag_core.api import index
from rag_core.evaluation.beir import read_folder
from rag_core.evaluation.calibrating import PASSING, fit
from rag_core.evaluation.gather import build
from rag_core.evaluation.indexed import documents_of
from rag_core.evaluation.metrics import by_ir_measures
from rag_core.evaluation.reliability import reliability
from rag_core.evaluation.score import score_set
from rag_core.evaluation.sets import LabelledSet, Qrels
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.rerank.catalogue import entry_of
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import DEFAULT_RERANKER, Policy
from rag_core.schema.ranked_passage import RankedPassage
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit
from rag_core.schema.threshold import Threshold
from rag_core.schema.trace import Trace

THRESHOLDS = (0.0, 0.02, 0.05, 0.08, 0.1, 0.13, 0.2)

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def above(scores: Floats, kinds: Floats) -> float:
    """Area under the ROC curve; ties count half."""
    apart = scores[kinds > 0][:, None] - scores[kinds == 0][None, :]
    return float((apart > 0).mean() + (apart == 0).mean() / 2) if apart.size else float("nan")


def told(name: str, probabilities: Floats, right: Floats) -> str:
    """One row: how these probabilities hold."""
    held = reliability(probabilities, right)
    return f"| {name} | {held.count} | {held.brier:.3f} | {held.error:.3f} | {held.mean:.3f} | {held.right:.3f} |"


def cut(scores: Floats, answerable: Floats, minimum: float) -> str:
    """What a threshold does to the questions."""
    passing, held = (scores[answerable > 0] >= minimum).mean(), (scores[answerable == 0] < minimum).mean()
    return f"{minimum:.2f}: {passing:.0%} of the answerable pass, {held:.0%} of the others are held back"


def kept(measured: dict[str, Measurement], labelled: LabelledSet, least: int) -> str:
    """A row for each threshold: nDCG@5 of the documents kept for the answer, and the questions that get any."""
    answerable = {one: own for one, own in labelled.qrels.items() if one in measured and max(own.values()) >= least}
    rows = ["| threshold | nDCG@5 kept | answerable that pass | others held back |", "|---|---|---|---|"]
    fused = {one: _documents(trace, trace.fused_step.hits) for one, trace in _replayed(measured, 0).items()}
    rows.append(f"| the fused order | {_ndcg(answerable, fused):.3f} | | |")
    for minimum in THRESHOLDS:
        traces = _replayed(measured, minimum)
        left = {one: _documents(trace, trace.kept) for one, trace in traces.items()}
        passing = np.mean([bool(left[one]) for one in answerable])
        held = np.mean([not left[one] for one in left.keys() - answerable.keys()])
        rows.append(f"| {minimum:.2f} | {_ndcg(answerable, left):.3f} | {passing:.0%} | {held:.0%} |")
    return "\n".join(rows)


def show(folder: Path, relevant: int) -> None:
    """Measure and print one folder."""
    labelled = read_folder(folder)
    collection = index(texts=documents_of(folder), name=folder.name)
    measured = score_set(Pipeline(collection), labelled, [Policy()])
    traces = _replayed(measured, 0)
    grades = {one: _right(trace, labelled, one, relevant) for one, trace in traces.items()}
    pairs = np.array([score for trace in traces.values() for score in trace.relevance.values()])
    first = np.array([max(trace.relevance.values()) for trace in traces.values()])
    best = np.array([trace.best_probability or 0.0 for trace in traces.values()])
    right = np.array([float(own[0]) for own in grades.values()])
    answerable = np.array([float(max(labelled.qrels.get(one, {}).values(), default=0) >= relevant) for one in traces])
    fitted = fit(build(measured, labelled), Policy(), labelled, relevant)
    held = fitted.pairs
    print(f"\n### {folder.name}: {len(traces)} questions, {int(sum(answerable))} of them answerable\n")
    print("| probability | count | Brier | ECE | mean | share right |\n|---|---|---|---|---|---|")
    print(told("all pairs", pairs, np.array([float(one) for own in grades.values() for one in own])))
    print(f"| pairs fitted | {held.count} | {held.brier:.3f} | {held.error:.3f} | {held.mean:.3f} | {held.right:.3f} |")
    print(told("best passage, its pair's", first, right))
    print(told("best passage, `best_probability`", best, right))
    usual = entry_of(DEFAULT_RERANKER).default_threshold or 0.0
    for name, scores in (("its pair's", first), ("`best_probability`", best)):
        least = float(np.quantile(scores[answerable > 0], 1 - PASSING))
        cuts = [usual, least] if scores is first else [least]
        print(
            f"\nBest by {name}: AUC {above(scores, answerable):.3f} answerable, {above(scores, right):.3f} right. "
            + ". ".join(cut(scores, answerable, one) for one in cuts),
            flush=True,
        )
    print("\n" + kept(measured, labelled, relevant))
    print(f"\nFitted to its best passages: {fitted.calibration.best}", flush=True)


def _replayed(measured: dict[str, Measurement], minimum: float) -> dict[str, Trace]:
    threshold = Threshold(minimum=minimum, space=ScoreSpace.PROBABILITY) if minimum else Threshold()
    return {one: replay(found, Policy(threshold=threshold)) for one, found in measured.items()}


def _documents(trace: Trace, hits: Iterable[Hit | RankedPassage]) -> list[str]:
    """The documents of these passages, each once."""
    found = (one.id if isinstance(one, RankedPassage) else one.passage_id for one in hits)
    return list(dict.fromkeys(trace.passages[one].document_id for one in found))


def _ndcg(qrels: Qrels, ranking: dict[str, list[str]]) -> float:
    return float(np.mean(list(by_ir_measures(["nDCG@5"], qrels, ranking)["nDCG@5"].values())))


def _right(trace: Trace, labelled: LabelledSet, query_id: str, relevant: int) -> list[bool]:
    """Whether each reranked passage answers, the best first."""
    own = labelled.qrels.get(query_id, {})
    documents = [trace.passages[one].document_id for one in trace.relevance]
    return [own.get(one, 0) >= relevant for one in documents]


def main() -> None:
    """Print every folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--relevant", type=int, default=1, help="the lowest grade that answers")
    args = parser.parse_args()
    for folder in args.folders:
        show(folder, args.relevant)


if __name__ == "__main__":
    main()
