"""Read the training sets, split them by document, and turn passages into passage-sized windows.

A data folder holds one folder a set, each with `passages.jsonl` ({id, text, source}) and `pairs.jsonl`
({query, passage_id}). A graded knowledge base is a folder in BEIR's layout whose grades are complete. This module reads
and cleans; it searches nothing (`mine.py`, `graded.py`) and trains nothing (`train.py`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RELEVANT = 2
"""The lowest grade of a passage that answers, if only in part."""

SETS = ("qed-train", "clapnq-train", "squad-train", "medquad", "aws-headings")
DEV_SHARE = 0.04

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(`*+-])")
_PTB = (
    (re.compile(r"\s+([.,;:!?%)\]}])"), r"\1"),
    (re.compile(r"([(\[{])\s+"), r"\1"),
    (re.compile(r"\s+('s|'re|'ve|'ll|'d|'m|n't|')\b"), r"\1"),
    (re.compile(r"``\s*|\s*''"), '"'),
    (re.compile(r"(\w) - (\w)"), r"\1-\2"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Passage:
    """A passage of a set; `title` is a human-readable name of its document, or empty."""

    id: str
    text: str
    source: str
    title: str


@dataclass(frozen=True)
class Pair:
    """`query` is answered by the passage `passage_id` of the set `set_name`."""

    set_name: str
    query: str
    passage_id: str


@dataclass(frozen=True)
class GradedQuestion:
    """A question on a knowledge base. `grades` has every passage that was judged; all others are 0.

    3 answers fully, 2 in part, 1 looks right and does not answer, 0 has similar words at best.
    """

    query: str
    kind: str
    grades: dict[str, int]

    @property
    def answerable(self) -> bool:
        """Whether some passage answers, if only in part."""
        return any(grade >= RELEVANT for grade in self.grades.values())


@dataclass(frozen=True)
class KnowledgeBase:
    """One organisation's passages (by id, as the models read them) and the questions graded against all of them."""

    name: str
    texts: dict[str, str]
    questions: list[GradedQuestion]


def detokenise(text: str) -> str:
    """Undo Penn Treebank spacing: `the park ( NP ) , in 1968 .` -> `the park (NP), in 1968.`"""
    for pattern, replacement in _PTB:
        text = pattern.sub(replacement, text)
    return text.strip()


def clean_query(set_name: str, query: str) -> str:
    """`What is (are) Tremor ?` -> `What is Tremor?`; other sets only lose stray spaces."""
    if set_name == "medquad":
        query = query.replace("is (are)", "is").replace(" ?", "?")
    return " ".join(query.split())


def title_of(set_name: str, source: str) -> str:
    """The document's name where the source is one (Wikipedia titles, AWS file names), else empty."""
    if set_name in ("squad-train", "qed-train"):
        return source.replace("_", " ").replace("%E2%80%93", "-")
    if set_name == "aws-headings":
        return Path(source).stem.replace("-", " ").replace("_", " ")
    return ""


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The file's JSON lines."""
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_passages(data: Path, set_name: str) -> dict[str, Passage]:
    """All passages of a set, by id, in file order."""
    passages = {}
    for row in read_rows(data / set_name / "passages.jsonl"):
        text = detokenise(row["text"]) if set_name in ("qed-train", "clapnq-train") else row["text"].strip()
        passages[row["id"]] = Passage(row["id"], text, row["source"], title_of(set_name, row["source"]))
    return passages


def read_pairs(data: Path, set_name: str) -> list[Pair]:
    """All (query, passage) pairs of a set, in file order."""
    rows = read_rows(data / set_name / "pairs.jsonl")
    return [Pair(set_name, clean_query(set_name, row["query"]), row["passage_id"]) for row in rows]


def read_base(folder: Path) -> KnowledgeBase:
    """A knowledge base: `corpus.jsonl`, `queries.jsonl` (with `metadata.kind`) and `qrels.tsv`.

    Each text has its document's title above it, as in use. Raises ValueError where `metadata.answerable` contradicts
    the grades, for then the grades are not complete.
    """
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query_id, passage_id, grade = line.split("\t")
        grades[query_id][passage_id] = int(grade)
    texts = {
        row["_id"]: f"{row['title']}\n{row['text']}" if row["title"] else row["text"]
        for row in read_rows(folder / "corpus.jsonl")
    }
    rows = read_rows(folder / "queries.jsonl")
    questions = [GradedQuestion(row["text"], row["metadata"]["kind"], grades[row["_id"]]) for row in rows]
    for row, question in zip(rows, questions, strict=True):
        if row["metadata"]["answerable"] != question.answerable:
            raise ValueError(f"{folder}: query {row['_id']} is marked answerable or not against its grades.")
    return KnowledgeBase(folder.name, texts, questions)


def document_of(set_name: str, source: str) -> str:
    """What must stay on one side of the split: the article, the topic file, the AWS guide's page."""
    return source.rsplit("_", 1)[0] if set_name == "clapnq-train" else source


def unit_hash(text: str) -> float:
    """A number in [0, 1) that depends on the text alone, so splits do not depend on order."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def is_dev(set_name: str, source: str) -> bool:
    """Whether a document belongs to the held-out development side."""
    return unit_hash("dev:" + document_of(set_name, source)) < DEV_SHARE


def sentences(text: str) -> list[str]:
    """Sentences by punctuation; good enough to cut windows at."""
    return [part for part in _SENTENCE_END.split(text) if part.strip()]


def window(text: str, budget: int, centre: int | None = None) -> str:
    """Whole sentences of up to about `budget` words around sentence `centre` (None: from the start)."""
    parts = sentences(text) or [text]
    low = high = min(centre or 0, len(parts) - 1)
    words = len(parts[low].split())
    while words < budget and (low > 0 or high < len(parts) - 1):
        forward = high < len(parts) - 1 and (low == 0 or (high - (centre or 0)) <= ((centre or 0) - low))
        high, low = (high + 1, low) if forward else (high, low - 1)
        words += len(parts[high if forward else low].split())
    return " ".join(" ".join(parts[low : high + 1]).split()[: budget + 20])
