"""One training file of the mined groups and the graded ones: what a list should look like, and each pair's chance.

Lines {query, documents, target, label}. `label` is the chance that a passage answers; softmax(`target`) is the share of
attention that the list gives it. Mined groups have one labelled passage and unlabelled others, so late interaction
softens their target: 15 x MaxSim + 2 where labelled. Graded groups are known in full and need no teacher.

    python -m training.mix OUT --mined 2500
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rag_core.rerank.base import Reranker
from rag_core.rerank.late_interaction import LateInteractionReranker
from training.data import read_rows
from training.mine import write_jsonl

TEACHER_SCALE = 15.0
LABEL_BONUS = 2.0
TARGETS = {3: 5.0, 2: 3.5, 1: 0.5, 0: 0.0}
CHANCES = {3: 1.0, 2: 0.8, 1: 0.0, 0: 0.0}


def taught(row: dict[str, Any], teacher: Reranker) -> dict[str, object]:
    """A mined group, whose first document is the labelled one."""
    label = [1.0] + [0.0] * (len(row["documents"]) - 1)
    close = [pair.score for pair in teacher.score(row["query"], row["documents"]).pairs]
    target = [TEACHER_SCALE * score + LABEL_BONUS * chance for score, chance in zip(close, label, strict=True)]
    return {"query": row["query"], "documents": row["documents"], "target": target, "label": label}


def known(row: dict[str, Any]) -> dict[str, object]:
    """A graded group. Where nothing answers all labels are 0, and the loss leaves the order of the list alone."""
    target = [TARGETS[grade] for grade in row["grades"]]
    label = [CHANCES[grade] for grade in row["grades"]]
    return {"query": row["query"], "documents": row["documents"], "target": target, "label": label}


def mixed(
    mined: Iterable[dict[str, Any]], graded: Iterable[dict[str, Any]], teacher: Reranker
) -> Iterator[dict[str, object]]:
    """All of both."""
    yield from (taught(row, teacher) for row in mined)
    yield from (known(row) for row in graded)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder with groups.jsonl and graded.jsonl; train.jsonl goes there too")
    parser.add_argument("--mined", type=int, default=0, help="only the first so many mined groups; 0: all")
    parser.add_argument("--device", default="cpu", help="where the teacher runs")
    args = parser.parse_args()
    mined = read_rows(args.out / "groups.jsonl")
    teacher = LateInteractionReranker(device=args.device)
    rows = list(mixed(mined[: args.mined or None], read_rows(args.out / "graded.jsonl"), teacher))
    random.Random(7).shuffle(rows)
    print("groups", write_jsonl(args.out / "train.jsonl", rows))


if __name__ == "__main__":
    main()
