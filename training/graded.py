"""Groups and pools of graded knowledge bases: near-twins as negatives, and lists in which nothing answers.

A knowledge base is on one side only: those of `--kept-out` are never trained on. Each round asks every question once
more, typed otherwise, with other candidates. Written are `graded.jsonl`, lines {query, documents, grades, set}, and for
each kept-out base `pools-NAME.jsonl`: the candidates that the app would rerank, with their grades.

    python -m training.graded BASES OUT --kept-out university --rounds 3
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

from rag_core.retrieval.bm25 import LexicalIndex
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.retrieval.engines.faiss_index import DenseIndex
from rag_core.retrieval.fusion import rrf
from training.data import RELEVANT, GradedQuestion, KnowledgeBase, read_base
from training.mine import stop_words_left_out, write_jsonl

CANDIDATES = 8
ANSWERS = 2
TWINS = 4
EMPTIED_SHARE = 0.12
"""Answerable questions whose answers are taken away: their near-twins stay, and all must score low."""
JOINED_SHARE = 0.12
"""Groups whose passages are read with another one behind them, so that long passages are seen too."""
UNTITLED_SHARE = 0.15
POOL = 50
DEPTH = 100

WAYS = ("as asked", "lower case", "keywords", "typo")
WAY_WEIGHTS = (0.55, 0.15, 0.15, 0.15)


def typed(query: str, way: str, rng: random.Random) -> str:
    """The question as somebody in a hurry types it. Digits and codes stay as they are: they are what is asked for."""
    if way == "lower case":
        return query.lower().rstrip("?").strip()
    if way == "keywords":
        kept = stop_words_left_out(query)
        return kept if len(kept.split()) >= 2 else query
    return misspelt(query, rng) if way == "typo" else query


def misspelt(query: str, rng: random.Random) -> str:
    """One letter of one longer word swapped with the next, left out or doubled."""
    parts = query.split()
    long = [i for i, word in enumerate(parts) if len(word) > 4 and word.strip("?,.!").isalpha()]
    if not long:
        return query
    chosen = rng.choice(long)
    word = parts[chosen]
    place = rng.randrange(1, len(word) - 2)
    head, one, two, tail = word[:place], word[place], word[place + 1], word[place + 2 :]
    parts[chosen] = head + rng.choice((two + one, two, one + one + two)) + tail
    return " ".join(parts)


def fused(base: KnowledgeBase) -> list[list[tuple[str, float]]]:
    """(passage id, fused score) of BM25 and dense, best first, for every question of the base."""
    ids, texts = list(base.texts), list(base.texts.values())
    embedder = get_embedder()
    lexical = LexicalIndex.build(texts)
    dense = DenseIndex.build(embedder.embed(texts), exact_limit=len(texts))
    orders = []
    for question in base.questions:
        lists = {
            "dense": [ids[row] for row in dense.search(embedder.embed_query(question.query), DEPTH)[0]],
            "lexical": [ids[row] for row in lexical.search(question.query, DEPTH)[0]],
        }
        orders.append([(hit.id, hit.score) for hit in rrf(lists, {"dense": 1.0, "lexical": 1.0})])
    return orders


def candidates(question: GradedQuestion, order: list[str], emptied: bool, rng: random.Random) -> list[str]:
    """Eight passage ids: answers (none if `emptied`), near-twins, then what the searches put first and a stray one."""
    answers = [i for i in order if question.grades.get(i, 0) >= RELEVANT]
    twins = [i for i in order[:40] if question.grades.get(i, 0) == 1]
    others = [i for i in order if question.grades.get(i, 0) == 0]
    chosen: list[str] = []
    if not emptied:
        answers.sort(key=lambda i: -question.grades[i])
        chosen = answers[:1] + rng.sample(answers[1:], min(ANSWERS - 1, len(answers[1:])))
    chosen += rng.sample(twins, min(TWINS, len(twins)))
    near = [i for i in others[:15] if i not in chosen]
    chosen += rng.sample(near, min(CANDIDATES - 1 - len(chosen), len(near)))
    far = [i for i in others if i not in chosen]
    chosen += rng.sample(far, CANDIDATES - len(chosen))
    rng.shuffle(chosen)
    return chosen


def group(
    base: KnowledgeBase, question: GradedQuestion, order: list[str], emptied: bool, rng: random.Random
) -> dict[str, object]:
    """One list of candidates with their grades."""
    chosen = candidates(question, order, emptied, rng)
    documents = [base.texts[i] for i in chosen]
    grades = [question.grades.get(i, 0) for i in chosen]
    if rng.random() < UNTITLED_SHARE:
        documents = [text.partition("\n")[2] for text in documents]
    if rng.random() < JOINED_SHARE:
        behind = [i for i in order if question.grades.get(i, 0) == 0 and i not in chosen]
        documents = [f"{text}\n{base.texts[rng.choice(behind)]}" for text in documents]
    way = rng.choices(WAYS, WAY_WEIGHTS)[0]
    return {"query": typed(question.query, way, rng), "documents": documents, "grades": grades, "set": base.name}


def groups(base: KnowledgeBase, rounds: int, rng: random.Random) -> Iterator[dict[str, object]]:
    """Every question of the base in every round, and some again with their answers taken away."""
    for question, ranked in zip(base.questions, fused(base), strict=True):
        order = [i for i, _ in ranked]
        order += [i for i in base.texts if i not in set(order)]
        for _ in range(rounds):
            yield group(base, question, order, False, rng)
            if question.answerable and rng.random() < EMPTIED_SHARE:
                yield group(base, question, order, True, rng)


def pools(base: KnowledgeBase) -> Iterator[dict[str, object]]:
    """The app's candidates for every question; `labels` says which of them answer."""
    for question, ranked in zip(base.questions, fused(base), strict=True):
        grades = [question.grades.get(i, 0) for i, _ in ranked[:POOL]]
        yield {
            "set": base.name,
            "kind": question.kind,
            "answerable": question.answerable,
            "query": question.query,
            "documents": [base.texts[i] for i, _ in ranked[:POOL]],
            "grades": grades,
            "labels": [int(grade >= RELEVANT) for grade in grades],
            "rrf": [round(score, 6) for _, score in ranked[:POOL]],
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bases", type=Path, help="folder with one folder a knowledge base")
    parser.add_argument("out", type=Path)
    parser.add_argument("--kept-out", nargs="+", required=True, help="names of bases that are not trained on")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    bases = [read_base(file.parent) for file in sorted(args.bases.glob("*/corpus.jsonl"))]
    rng = random.Random(args.seed)
    rows = [row for base in bases if base.name not in args.kept_out for row in groups(base, args.rounds, rng)]
    rng.shuffle(rows)
    print("groups", write_jsonl(args.out / "graded.jsonl", rows))
    for base in bases:
        if base.name in args.kept_out:
            print(base.name, write_jsonl(args.out / f"pools-{base.name}.jsonl", pools(base)))


if __name__ == "__main__":
    main()
