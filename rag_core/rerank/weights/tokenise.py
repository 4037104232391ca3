"""(query, passage) pairs to token ids, cut to a model's limit, with a count of what the model will not see.

A passage is cut, never the query, except that a query longer than half of the limit is cut to that half first.
The tokenizer itself, padding and batching are left to others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_core.inference.tokenizer import encodable

UNSAID_LIMIT = 512
POSITIONS_LOST = {"roberta": 2, "xlm-roberta": 2, "camembert": 2}
"""Position embeddings that these architectures cannot use: they count from the padding id on."""


@dataclass(frozen=True)
class Pair:
    """One pair as the model reads it. `tokens`: of the whole passage; `seen_chars`: None if all of it is read."""

    ids: list[int]
    type_ids: list[int]
    tokens: int
    unseen_tokens: int
    seen_chars: int | None


def limit_of(folder: Path, config: Mapping[str, Any]) -> int:
    """Tokens of a pair that the model takes: the least of what its tokenizer and its position embeddings say."""
    limits = []
    file = folder / "tokenizer_config.json"
    said = json.loads(file.read_text("utf-8")).get("model_max_length") if file.is_file() else None
    if said is not None and 0 < said < 10**6:
        limits.append(int(said))
    if config.get("max_position_embeddings"):
        limits.append(int(config["max_position_embeddings"]) - POSITIONS_LOST.get(config.get("model_type", ""), 0))
    return min(limits, default=UNSAID_LIMIT)


def encode_pairs(tokenizer: Any, query: str, passages: Sequence[str], limit: int) -> list[Pair]:
    """Each pair cut to `limit` tokens, in the order of `passages`."""
    query = _cut_query(tokenizer, encodable(query), limit)
    encodings = tokenizer.encode_batch([(query, encodable(passage)) for passage in passages])
    return [_cut(encoding, limit) for encoding in encodings]


def _cut_query(tokenizer: Any, query: str, limit: int) -> str:
    offsets = tokenizer.encode(query, add_special_tokens=False).offsets
    most = max(1, limit // 2)
    return query if len(offsets) <= most else query[: offsets[most - 1][1]]


def _cut(encoding: Any, limit: int) -> Pair:
    """Drop passage tokens from the end until the pair fits; special tokens and the query stay."""
    ids, type_ids = encoding.ids, encoding.type_ids  # a new list at every access
    if len(ids) <= limit:
        return Pair(ids, type_ids, tokens=encoding.sequence_ids.count(1), unseen_tokens=0, seen_chars=None)
    passage = [place for place, side in enumerate(encoding.sequence_ids) if side == 1]
    fits = max(0, len(passage) - (len(ids) - limit))
    dropped = set(passage[fits:])
    seen = [place for place in range(len(ids)) if place not in dropped]
    return Pair(
        ids=[ids[place] for place in seen],
        type_ids=[type_ids[place] for place in seen],
        tokens=len(passage),
        unseen_tokens=len(dropped),
        seen_chars=encoding.offsets[passage[fits - 1]][1] if fits else 0,
    )
