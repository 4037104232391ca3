"""Mine hard negatives: from the training sets to groups of one positive and several negatives.

Each group is a line {query, documents, set}: `documents[0]` is the positive. Negatives come from BM25 and from the
bi-encoder over the positive's own corpus, plus random ones; see `allowed` for what is left out as a likely false
negative. It also writes `dev.jsonl`: held-out queries with fused pools to rerank.

    python -m training.mine DATA OUT --encoder path/to/all-MiniLM-L6-v2
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import sparse

from training.data import Pair, Passage, is_dev, read_pairs, read_passages, sentences, window

# Pairs drawn from each set. Embedding a corpus costs as much processor time as training on a third of its passages, so
# only Wikipedia's are searched with the bi-encoder too; the others have BM25's negatives alone.
QUOTA = {"qed-train": 7200, "clapnq-train": 2000, "squad-train": 14000, "medquad": 4000, "aws-headings": 6000}
EMBEDDED = ("qed-train", "clapnq-train", "squad-train")
CLOZE_QUOTA = {"qed-train": 1200, "squad-train": 2000, "medquad": 400, "aws-headings": 400}
TOPIC_QUOTA = {"squad-train": 3000, "medquad": 600, "aws-headings": 1400}
STARTS_WITH_ANSWER = ("medquad", "aws-headings")
BUDGETS = (30, 70, 120, 200)
BUDGET_WEIGHTS = (0.3, 0.3, 0.25, 0.15)
HEADED_SHARE = 0.3
NEGATIVES = 4
RANDOM_SHARE = 0.35
DEV_QUERIES = 60
DEV_POOL = 20
NEAR_DUPLICATE = 0.92
NEAR_DUPLICATE_WORDS = 0.6
DEPTH = 40

_WORD = re.compile(r"[a-z0-9]+")
_STOP = frozenset(
    _WORD.findall(
        "a an and are as at be by can did do does for from had has have how i if in is it its of on or that the their"
        " there these this to was were what when where which who whom why will with you your"
    )
)

Floats = np.ndarray


def words(text: str) -> list[str]:
    """Lower-case content words with a plural s cut off: enough of an analyser to mine negatives with."""
    return [w[:-1] if len(w) > 3 and w.endswith("s") else w for w in _WORD.findall(text.lower()) if w not in _STOP]


def stop_words_left_out(query: str) -> str:
    """`How do I close my account?` -> `close account`; negations are no stop words."""
    return " ".join(w for w in query.rstrip("?").split() if w.lower() not in _STOP)


class Bm25:
    """BM25 (k1 = 1.2, b = 0.75) as one sparse matrix of term x document scores."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.vocabulary: dict[str, int] = {}
        counts, rows, columns, lengths = [], [], [], []
        for document, text in enumerate(texts):
            tokens = Counter(words(text))
            lengths.append(sum(tokens.values()))
            for word, count in tokens.items():
                rows.append(self.vocabulary.setdefault(word, len(self.vocabulary)))
                columns.append(document)
                counts.append(count)
        tf, row, column = np.array(counts, dtype=np.float32), np.array(rows), np.array(columns)
        length = np.array(lengths, dtype=np.float32)
        frequency = np.bincount(row, minlength=len(self.vocabulary))
        self.idf = np.log(1 + (len(length) - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        norm = 1.2 * (0.25 + 0.75 * length / length.mean())
        scores = self.idf[row] * tf * 2.2 / (tf + norm[column])
        self.matrix = sparse.csr_matrix((scores, (row, column)), shape=(len(self.vocabulary), len(length)))

    def search(self, query: str, depth: int) -> list[int]:
        """Document numbers, best first; only documents that share a word with the query."""
        terms = [self.vocabulary[w] for w in set(words(query)) if w in self.vocabulary]
        scores = np.asarray(self.matrix[terms].sum(axis=0)).ravel()
        best = np.argpartition(-scores, min(depth, len(scores) - 1))[:depth]
        return [int(i) for i in best[np.argsort(-scores[best])] if scores[i] > 0]

    def best_sentence(self, query: str, text: str) -> int:
        """Number of the sentence that shares the most idf mass with the query."""
        wanted = {w for w in words(query) if w in self.vocabulary}
        mass = [
            sum(float(self.idf[self.vocabulary[w]]) for w in wanted.intersection(words(s))) for s in sentences(text)
        ]
        return int(np.argmax(mass)) if mass else 0


@dataclass(frozen=True)
class Question:
    """A query with the number of its positive passage in the corpus and the text to show as the positive; `origin` is
    the passage that the query was cut from, if it was, which must not be among its negatives."""

    query: str
    positive: int
    positive_text: str
    dev: bool
    origin: int | None = None


@dataclass(frozen=True)
class Corpus:
    """One set's passages with their BM25 index and, where it is embedded, unit vectors (rows x 384) of both sides.

    `headings` has, by passage number, the question or section heading that a passage stands under.
    """

    name: str
    passages: list[Passage]
    questions: list[Question]
    bm25: Bm25
    passage_vectors: Floats | None = None
    query_vectors: Floats | None = None
    headings: dict[int, str] = field(default_factory=dict)

    def similarity(self, row: int) -> Floats | None:
        """Cosines of question `row` to all passages; None in a set that is not embedded."""
        if self.passage_vectors is None or self.query_vectors is None:
            return None
        cosines: Floats = self.passage_vectors @ self.query_vectors[row]
        return cosines


def cloze_questions(name: str, passages: list[Passage], rng: random.Random, share: float) -> Iterator[Question]:
    """A sentence as the query and the rest of its passage as the answer: claims and long information needs."""
    order = list(range(len(passages)))
    rng.shuffle(order)
    left = int(CLOZE_QUOTA.get(name, 0) * share)
    for number in order:
        parts = sentences(passages[number].text)
        middle = [i for i, s in enumerate(parts) if 8 <= len(s.split()) <= 35]
        if left == 0 or len(parts) < 3 or not middle or is_dev(name, passages[number].source):
            continue
        chosen = rng.choice(middle)
        left -= 1
        yield Question(parts[chosen], number, " ".join(parts[:chosen] + parts[chosen + 1 :]), False)


def topic_questions(
    name: str, passages: list[Passage], bm25: Bm25, rng: random.Random, share: float
) -> Iterator[Question]:
    """A few sentences of a passage as a long need, and the passage of the same document that is most about it."""
    order = list(range(len(passages)))
    rng.shuffle(order)
    left = int(TOPIC_QUOTA.get(name, 0) * share)
    for number in order:
        if left == 0:
            return
        parts = sentences(passages[number].text)
        if len(parts) < 3 or is_dev(name, passages[number].source):
            continue
        first = rng.randrange(len(parts) - 1)
        need = " ".join(" ".join(parts[first : first + rng.choice((2, 3, 4))]).split()[:110])
        beside = [i for i in bm25.search(need, 200) if i != number and passages[i].source == passages[number].source]
        if beside:
            left -= 1
            yield Question(need, beside[0], passages[beside[0]].text, False, number)


def select(data: Path, name: str, rng: random.Random, share: float) -> tuple[list[Passage], list[Question]]:
    """The set's passages as a corpus, and questions on them: this share of what `QUOTA` and its like say."""
    passages = list(read_passages(data, name).values())
    number = {p.id: i for i, p in enumerate(passages)}
    pairs = [p for p in read_pairs(data, name) if p.passage_id in number]
    rng.shuffle(pairs)
    questions = [to_question(pair, passages, number) for pair in pairs]
    dev = [q for q in questions if q.dev][:DEV_QUERIES]
    train = [q for q in questions if not q.dev][: int(QUOTA[name] * share)]
    return passages, dev + train + list(cloze_questions(name, passages, rng, share))


def to_question(pair: Pair, passages: list[Passage], number: dict[str, int]) -> Question:
    """A labelled pair as a question on the corpus."""
    passage = passages[number[pair.passage_id]]
    return Question(pair.query, number[pair.passage_id], passage.text, is_dev(pair.set_name, passage.source))


def encode(encoder: str, texts: list[str], max_tokens: int, bf16: bool) -> Floats:
    """Unit-length float32 embeddings, (len(texts), 384), in the order of `texts`."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(encoder, device=None, model_kwargs={"dtype": torch.bfloat16 if bf16 else torch.float32})
    model.max_seq_length = max_tokens
    vectors = model.encode(
        texts, batch_size=16, normalize_embeddings=True, show_progress_bar=False, convert_to_tensor=True
    ).float()
    return np.asarray(vectors.cpu(), dtype=np.float32)


def build(data: Path, name: str, encoder: str | None, cache: Path, bf16: bool, share: float) -> Corpus:
    """Select, index and (with an encoder) embed one set; embeddings are kept in `cache` for the next run."""
    passages, questions = select(data, name, random.Random(f"select:{name}"), share)
    bm25 = Bm25(f"{p.title} {p.text}" for p in passages)
    questions += topic_questions(name, passages, bm25, random.Random(f"topics:{name}"), share)
    if name not in EMBEDDED or encoder is None:
        return Corpus(name, passages, questions, bm25, headings=headings(data, name, passages))
    file = cache / f"{name}.npz"
    if not file.exists():
        passage_vectors = encode(encoder, [f"{p.title}. {p.text}" if p.title else p.text for p in passages], 96, bf16)
        query_vectors = encode(encoder, [q.query for q in questions], 128, bf16)
        np.savez(file, passages=passage_vectors, queries=query_vectors)
    vectors = np.load(file)
    return Corpus(name, passages, questions, bm25, vectors["passages"], vectors["queries"])


def headings(data: Path, name: str, passages: list[Passage]) -> dict[int, str]:
    """The first question of each passage, in the sets whose questions are their passages' headings."""
    if name not in STARTS_WITH_ANSWER:
        return {}
    first = {pair.passage_id: pair.query for pair in reversed(read_pairs(data, name))}
    return {number: first[p.id] for number, p in enumerate(passages) if p.id in first}


def allowed(corpus: Corpus, question: Question, candidate: int, similarity: Floats | None) -> bool:
    """Whether a candidate is safe as a negative: no near-copy of the positive and, by the bi-encoder, not clearly
    closer to the query than the positive is (stricter within the positive's own document)."""
    positive = corpus.passages[question.positive]
    other = corpus.passages[candidate]
    if similarity is None or corpus.passage_vectors is None:
        ours, theirs = set(words(positive.text)), set(words(other.text))
        return len(ours & theirs) < NEAR_DUPLICATE_WORDS * max(1, len(ours | theirs))
    if float(corpus.passage_vectors[candidate] @ corpus.passage_vectors[question.positive]) > NEAR_DUPLICATE:
        return False
    slack = -0.05 if other.source == positive.source else 0.05
    return bool(similarity[candidate] < similarity[question.positive] + slack)


def negatives(
    corpus: Corpus, question: Question, similarity: Floats | None, positives: set[int], rng: random.Random
) -> list[int]:
    """Up to four: near ones for the bi-encoder (where there is one) and for BM25, then one from further away."""
    lexical = corpus.bm25.search(question.query, DEPTH)
    dense = lexical if similarity is None else [int(i) for i in np.argsort(-similarity)[: DEPTH * 3]]
    safe = {
        i for i in (*dense[:DEPTH], *lexical[:DEPTH]) if i not in positives and allowed(corpus, question, i, similarity)
    } - {question.origin}
    near = [i for i in dense[:DEPTH] if i in safe]
    by_word = [i for i in lexical if i in safe]
    chosen: list[int] = []
    for source, top in ((near, 8), (near, 25), (by_word, 10), (dense[DEPTH:] or by_word, 80)):
        fresh = [i for i in source[:top] if i not in chosen and i not in positives and i != question.origin]
        chosen += rng.sample(fresh, min(1, len(fresh)))
    return chosen


def phrase(name: str, query: str, rng: random.Random) -> str:
    """Vary how a question is typed: case, question mark, now and then only its content words."""
    if name in ("squad-train", "medquad") and rng.random() < 0.12:
        kept = stop_words_left_out(query)
        return kept if len(kept.split()) >= 2 else query
    query = query.lower() if rng.random() < 0.25 else query
    return query.rstrip("?").strip() if rng.random() < 0.3 else query


def loosely(query: str, rng: random.Random) -> str:
    """The query in fewer words, as somebody asks who does not know the heading of the page."""
    kept = [w for w in query.lower().rstrip("?").split() if rng.random() > 0.3]
    return " ".join(kept) if len(kept) >= 2 else query


def shown(corpus: Corpus, passage: Passage, text: str, query: str, budget: int, titled: bool) -> str:
    """A passage as the reranker will see it: a window of sentences, its document's title above it if `titled`."""
    from_start = corpus.name in STARTS_WITH_ANSWER
    centre = None if from_start else corpus.bm25.best_sentence(query, text)
    body = window(text, budget, centre)
    return f"{passage.title}\n{body}" if titled and passage.title else body


def groups(corpus: Corpus, others: list[Corpus], rng: random.Random) -> Iterator[dict[str, object]]:
    """One group a training question."""
    positives: dict[str, set[int]] = defaultdict(set)
    for question in corpus.questions:
        positives[question.query.lower()].add(question.positive)
    for row, question in enumerate(corpus.questions):
        if question.dev:
            continue
        similarity = corpus.similarity(row)
        chosen = negatives(corpus, question, similarity, positives[question.query.lower()], rng)
        look = (question.query, rng.choices(BUDGETS, BUDGET_WEIGHTS)[0], rng.random() < 0.4)
        documents = [shown(corpus, corpus.passages[question.positive], question.positive_text, *look)]
        documents += [shown(corpus, corpus.passages[i], corpus.passages[i].text, *look) for i in chosen]
        asked = phrase(corpus.name, question.query, rng)
        if question.positive in corpus.headings and rng.random() < HEADED_SHARE:  # pages of questions and answers
            over = [corpus.headings.get(i) for i in (question.positive, *chosen)]
            documents = [f"{h}\n{d}" if h else d for h, d in zip(over, documents, strict=True)]
            asked = loosely(question.query, rng)
        if rng.random() < RANDOM_SHARE:  # "nothing here answers it" must score low
            del documents[NEGATIVES:]
        while len(documents) < 1 + NEGATIVES:
            other = rng.choice(others)
            passage = rng.choice(other.passages)
            documents.append(shown(other, passage, passage.text, *look))
        yield {"query": asked, "documents": documents, "set": corpus.name}


def dev_pools(corpus: Corpus) -> Iterator[dict[str, object]]:
    """Held-out questions with the top of their RRF pool, and both lists' ranks, to choose checkpoints by."""
    for row, question in enumerate(corpus.questions):
        if not question.dev:
            continue
        similarity = corpus.similarity(row)
        lexical = corpus.bm25.search(question.query, 100)
        dense = [] if similarity is None else [int(i) for i in np.argsort(-similarity)[:100]]
        fused: dict[int, float] = defaultdict(float)
        for ranked in (dense, lexical):
            for rank, document in enumerate(ranked, 1):
                fused[document] += 1 / (60 + rank)
        pool = sorted(fused, key=lambda i: -fused[i])[:DEV_POOL]
        passages = [corpus.passages[i] for i in pool]
        yield {
            "set": corpus.name,
            "query": question.query,
            "documents": [f"{p.title}\n{p.text}" if p.title else p.text for p in passages],
            "labels": [int(i == question.positive) for i in pool],
            "cosines": [0.0 if similarity is None else round(float(similarity[i]), 4) for i in pool],
            "rrf": [round(fused[i], 6) for i in pool],
        }


def write_jsonl(file: Path, rows: Iterable[dict[str, object]]) -> int:
    """Write rows a line each; how many."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with one folder a training set")
    parser.add_argument("out", type=Path, help="where groups.jsonl, dev.jsonl and the embeddings go")
    parser.add_argument("--encoder", help="folder of all-MiniLM-L6-v2; without it, only BM25 finds negatives")
    parser.add_argument("--share", type=float, default=1.0, help="how much of each set's quota to draw")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--bf16", action="store_true", help="embed in bfloat16: faster where the processor has it")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    corpora = [build(args.data, name, args.encoder, args.out, args.bf16, args.share) for name in QUOTA]
    rng = random.Random(args.seed)
    rows = [row for corpus in corpora for row in groups(corpus, corpora, rng)]
    rng.shuffle(rows)
    print("groups", write_jsonl(args.out / "groups.jsonl", rows))
    print("dev", write_jsonl(args.out / "dev.jsonl", (row for corpus in corpora for row in dev_pools(corpus))))


if __name__ == "__main__":
    main()
