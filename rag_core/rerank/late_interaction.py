"""Late interaction: MaxSim over the packaged bi-encoder's token vectors. No training of its own, no download.

ColBERT's operator (Khattab and Zaharia, arXiv:2004.12832) over all-MiniLM-L6-v2, whose token vectors were trained
through their mean only: a working reranker, not a strong one. The operator and its vectors of 128 bytes are in
`rag_core.inference.token_codes`. Passages whose vectors lie with their collection are not read again (`stored_tokens`).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rag_core.inference.token_codes import QueryCodes, TokenCodes, maxsim, passage_codes, query_codes
from rag_core.rerank.base import Scored
from rag_core.rerank.checks import check_finite
from rag_core.rerank.kinds import RerankerSpec
from rag_core.rerank.stored_tokens import are_stored, keep, stored, takes_tokens
from rag_core.rerank.token_vectors import TokenVectorCache
from rag_core.retrieval.embedders.packaged_encoder import (
    packaged_encoder,
    passage_encoder,
    passage_precision,
    runs_packaged_on,
    token_model,
)
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore, StepWarning
from rag_core.wording import step_warnings as words

DECIMALS = 6
VERSION = "maxsim-2"
"""Part of the model's identity: change it with the formula."""

QUERIES_BYTES = 2**20

STORED_AT_ONCE = 256
"""Passages scored at once whose token vectors are stored."""


@dataclass(frozen=True)
class _Tokens:
    """codes: a passage each. read: those of passages that were read now. problems: why stored ones could not be used,
    and why none could be kept; empty where nothing failed."""

    codes: list[TokenCodes]
    read: list[TokenCodes]
    problems: tuple[str, str]


class LateInteractionReranker:
    """MaxSim over the packaged bi-encoder's token vectors (the `Reranker` protocol).

    Scores are rounded to six decimals. A query is read to 254 tokens, as a passage is.
    """

    space = ScoreSpace.MAXSIM
    identified = True

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self._lock = threading.RLock()
        self._load_ms = 0.0
        self._kept: TokenVectorCache[TokenCodes] = TokenVectorCache()
        self._asked: TokenVectorCache[QueryCodes] = TokenVectorCache(QUERIES_BYTES)

    @classmethod
    def from_spec(cls, spec: RerankerSpec) -> LateInteractionReranker:
        """The reranker of `late-interaction`."""
        return cls(device=spec.device)

    @property
    def model(self) -> str:
        """`late-interaction/<what makes its token vectors>/maxsim-2`; hashes the weights, loads nothing."""
        return f"late-interaction/{token_model(self._device)}/{VERSION}"

    @property
    def slice_size(self) -> int:
        """So many that a pool is one slice, where the token vectors of passages are stored (`reading_from`): a slice
        then costs little more than a pair. 1 where passages are read, each of which takes a while."""
        return STORED_AT_ONCE if are_stored(token_model(self._device)) else 1

    @property
    def runs_on(self) -> str:
        """What reads passages on this machine, in words; questions are read in fp32."""
        return f"{runs_packaged_on(self._device)}, {passage_precision(self._device)}"

    @property
    def load_ms(self) -> float:
        """What loading took, in milliseconds; 0 before it is loaded."""
        return self._load_ms

    def load(self) -> None:
        """Load the encoder if it is not loaded. Raises ModelError or MissingPackage."""
        with self._lock:
            if self._load_ms == 0:
                begin = time.perf_counter()
                packaged_encoder(self._device)
                self._load_ms = (time.perf_counter() - begin) * 1000

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """MaxSim of all passages in one go. Reads those alone whose token vectors are neither stored nor in memory."""
        asked = self._query(query)
        found = self._tokens(passages, progress)
        scores = [round(score, DECIMALS) for score in maxsim(asked, found.codes)]
        check_finite(scores, passages)
        return Scored(
            pairs=tuple(_pair(score, one) for score, one in zip(scores, found.codes, strict=True)),
            tokens=sum(len(one.codes) for one in found.read),
            batches=len(found.read),
            notes=_notes(bool(found.read), *found.problems),
        )

    def part_scores(
        self, query: str, passages: Sequence[str], parts: Sequence[tuple[int, int, int]]
    ) -> list[float | None]:
        """MaxSim with parts of the passages, by the token vectors that the passages have as a whole.

        parts: (place of the passage from 0, start, end), in characters. None where no token of a part was read: it is
        beyond the 254 tokens that are. Raises ModelError or MissingPackage.
        """
        asked = self._query(query)
        codes = self._tokens(passages).codes
        offsets = [
            packaged_encoder(self._device).offsets(text)[: len(one.codes)]
            for text, one in zip(passages, codes, strict=True)
        ]
        inside = [
            [token for token, (first, last) in enumerate(offsets[place]) if first < end and last > start]
            for place, start, end in parts
        ]
        scores = maxsim(asked, [codes[place].part(tokens) for (place, _, _), tokens in zip(parts, inside, strict=True)])
        check_finite(scores, [passages[place] for place, _, _ in parts])
        return [score if tokens else None for score, tokens in zip(scores, inside, strict=True)]

    def _tokens(self, passages: Sequence[str], progress: Progress | None = None) -> _Tokens:
        """Token vectors of the passages, in their order: stored, in memory, or read now."""
        hashes = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in passages]
        texts = dict(zip(hashes, passages, strict=True))
        model = token_model(self._device)
        there = stored(model, texts)
        remembered = {one: self._kept.get(one) for one in texts if one not in there.codes}
        known = {**there.codes, **{one: found for one, found in remembered.items() if found is not None}}
        read = self._read({one: text for one, text in texts.items() if one not in known}, progress)
        self._kept.put(read)
        every = {**known, **read}
        unkept = keep(model, {one: every[one] for one in remembered})
        return _Tokens([every[one] for one in hashes], list(read.values()), (there.problem, unkept))

    def _query(self, query: str) -> QueryCodes:
        """The query's codes; read once for all slices of its passages."""
        codes = self._asked.get(query)
        if codes is None:
            self.load()
            read = packaged_encoder(self._device).read_one(query)
            codes = query_codes(query, read.offsets, read.states)
            self._asked.put({query: codes})
        return codes

    def _read(self, texts: dict[str, str], progress: Progress | None) -> dict[str, TokenCodes]:
        """Token vectors by content hash. No text needs no model."""
        if not texts:
            return {}
        self.load()
        hashes, encoded = list(texts), dict[str, TokenCodes]()
        for place, read in passage_encoder(self._device).read(list(texts.values())):
            encoded[hashes[place]] = passage_codes(read.offsets, read.states)
            if progress:
                progress(len(encoded), len(texts))
        return encoded


def _notes(read: bool, unfound: str, unkept: str) -> tuple[StepWarning, ...]:
    """What a user should know: passages had to be read; why kept token vectors could not be used, or none be kept."""
    message = words.token_vectors_read_now(kept=takes_tokens() and not unkept)
    reading = [StepWarning(code="token-vectors-read-now", message=message)] if read else []
    said = " ".join(dict.fromkeys(filter(None, (unfound, unkept))))
    return (*reading, *([StepWarning(code="token-vectors-not-kept", message=said)] if said else []))


def _pair(score: float, passage: TokenCodes) -> PairScore:
    return PairScore(
        score=score,
        tokens=passage.tokens,
        unseen_tokens=passage.tokens - len(passage.codes),
        seen_chars=passage.seen_chars,
    )
