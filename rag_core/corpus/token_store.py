"""The token vectors of a collection's passages, by content hash, and how they are gathered while it is indexed.

They come from the pass of the bi-encoder that gives the passages' vectors, so indexing hardly takes longer, and late
interaction over them reads no passage again. Where an embedder gives none, or they would take too much room, there are
none: late interaction then reads passages at query time. What they are is `rag_core.inference.token_codes`' to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from rag_core.inference.token_codes import BYTES, TokenCodes
from rag_core.rerank.stored_tokens import Stored
from rag_core.retrieval.embedders.protocol import ReadsTokens

if TYPE_CHECKING:
    from rag_core.corpus.storage.kept_vectors import KeptVectors
    from rag_core.retrieval.embedders.protocol import Embedder
    from rag_core.schema.documents import Passage
    from rag_core.schema.vectors import Vectors

MOST_BYTES = 512 * 2**20
"""Collections whose token vectors would take more keep none, unless their library says otherwise."""

CHARS_A_TOKEN = 4
SCALE_BYTES = 4


class TokenStore:
    """Token vectors by content hash, all by one model. Read-only once made. `model`: empty where there are none."""

    def __init__(self, model: str = "", codes: Mapping[str, TokenCodes] | None = None) -> None:
        self.model = model if codes else ""
        self._codes = codes or {}

    @classmethod
    def joined(cls, stores: Sequence[TokenStore]) -> TokenStore:
        """Those of several parts of a collection. One of another model than the first that has any is left out."""
        model = next((one.model for one in stores if one.model), "")
        return cls(model, _Joined([one._codes for one in stores if one.model == model]))

    def __len__(self) -> int:
        return len(self._codes)

    def get(self, content_hash: str) -> TokenCodes | None:
        """The token vectors of the text with this hash, or None."""
        return self._codes.get(content_hash)

    def find(self, model: str, content_hashes: Iterable[str]) -> Stored:
        """Those of the texts with these hashes, where that model made them."""
        if model != self.model:
            return Stored({})
        return Stored({one: codes for one in content_hashes if (codes := self.get(one)) is not None})

    def items(self) -> Iterable[tuple[str, TokenCodes]]:
        """Every content hash with its token vectors, in the order in which they are saved."""
        return self._codes.items()

    @property
    def nbytes(self) -> int:
        """Bytes of all token vectors."""
        return sum(one.nbytes for one in self._codes.values())

    def of(self, content_hashes: Iterable[str]) -> TokenStore:
        """Those of the texts with these hashes alone, in their order."""
        wanted = dict.fromkeys(content_hashes)
        return TokenStore(self.model, {each: self._codes[each] for each in wanted if each in self._codes})


class _Joined(Mapping[str, "TokenCodes"]):
    """Several mappings as one; the first that has a key answers."""

    def __init__(self, parts: Sequence[Mapping[str, TokenCodes]]) -> None:
        self._parts = parts

    def __getitem__(self, content_hash: str) -> TokenCodes:
        for part in self._parts:
            if content_hash in part:
                return part[content_hash]
        raise KeyError(content_hash)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(chain.from_iterable(self._parts)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:  # without it the length is asked, and every key is looked at
        return any(self._parts)


def estimated_bytes(passages: Iterable[Passage], enough: int | None = None) -> int:
    """What the token vectors of these passages will take, about. A letter outside ASCII counts as a token of its own,
    as Chinese ones are. Where it comes to more than `enough`, no more are looked at."""
    seen: set[str] = set()
    size = 0.0
    for passage in passages:
        if passage.content_hash in seen:
            continue
        seen.add(passage.content_hash)
        ascii_chars = len(passage.model_text.encode("ascii", "ignore"))
        others = len(passage.model_text) - ascii_chars
        size += (ascii_chars / CHARS_A_TOKEN + others) * (BYTES + SCALE_BYTES)
        if enough is not None and size > enough:
            break
    return int(size)


class TokenGathering:
    """Embeds texts, and keeps their token vectors where the embedder gives them.

    known: an earlier collection's, used again where the same model made them. kept: where new ones are written as they
    are made, and where those of an earlier attempt lie. wanted: False embeds and gathers nothing. whole: False keeps
    what is known as it is where nothing of the same model can be gathered beside it.
    """

    def __init__(
        self, embedder: Embedder, known: TokenStore, kept: KeptVectors | None, wanted: bool, whole: bool = True
    ) -> None:
        self._embedder = embedder
        self._reader = embedder if wanted and isinstance(embedder, ReadsTokens) and embedder.token_model() else None
        self.model = self._reader.token_model() if self._reader else ""
        if not whole and known.model and known.model != self.model:
            self._reader, self.model = None, known.model
        self._kept = kept
        self._known = known if self.model and known.model == self.model else TokenStore()
        self._codes = kept.read_tokens(self.model) if kept and self._reader else {}

    def has(self, content_hash: str) -> bool:
        """Whether nothing is to be gathered for this text: its token vectors are there, or none are gathered."""
        return self._reader is None or content_hash in self._codes or self._known.get(content_hash) is not None

    def embed(self, content_hashes: Sequence[str], texts: Sequence[str]) -> Vectors:
        """The texts' vectors, float32, shape (texts, dimensions); their token vectors are kept."""
        if self._reader is None:
            return self._embedder.embed(texts)
        vectors, codes = self._reader.embed_with_tokens(texts)
        fresh = dict(zip(content_hashes, codes, strict=True))
        self._codes |= fresh
        if self._kept:
            self._kept.add_tokens(self.model, fresh)
        return vectors

    def store(self, content_hashes: Iterable[str]) -> TokenStore:
        """What was gathered for the texts with these hashes."""
        found = {one: self._codes.get(one) or self._known.get(one) for one in dict.fromkeys(content_hashes)}
        return TokenStore(self.model, {one: codes for one, codes in found.items() if codes is not None})
