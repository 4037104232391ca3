"""The token vectors of a saved collection: two flat arrays that are memory-mapped, and where each text's lie in them.

    tokens/codes.npy     uint8, (tokens, 128)
    tokens/scales.npy    float32, (tokens,)
    tokens/texts.npz     content hashes, how many tokens of each were read, how many it has, how far it was read

Their checksums stand in the manifest with those of all files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_core.corpus.columns import Keys
from rag_core.corpus.token_store import TokenStore
from rag_core.inference.token_codes import BYTES, TokenCodes

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag_core.corpus.storage.manifest import TokenVectorsRecord
    from rag_core.inference.token_codes import Codes
    from rag_core.schema.vectors import Vectors

FOLDER = "tokens"
_CODES, _SCALES, _TEXTS = "codes.npy", "scales.npy", "texts.npz"
_ALL_READ = -1
_NAMED_BEFORE = "-fp32"
"""What earlier versions wrote behind the model: the precision, which by itself makes no other token vectors."""


def save_tokens(folder: Path, store: TokenStore) -> None:
    """Write the store below the folder of a version, text by text. An empty one writes nothing."""
    if not len(store):
        return
    place = folder / FOLDER
    place.mkdir()
    codes = [one for _, one in store.items()]
    rows = sum(len(one.codes) for one in codes)
    _write(place / _CODES, np.dtype(np.uint8), (rows, BYTES), (one.codes for one in codes))
    _write(place / _SCALES, np.dtype("<f4"), (rows,), (one.scales for one in codes))
    hashes = np.frombuffer(b"".join(bytes.fromhex(one) for one, _ in store.items()), np.uint8).reshape(-1, 32)
    seen_chars = [_ALL_READ if one.seen_chars is None else one.seen_chars for one in codes]
    np.savez(
        place / _TEXTS,
        hashes=hashes,
        read=np.array([len(one.codes) for one in codes], np.int64),
        tokens=np.array([one.tokens for one in codes], np.int64),
        seen_chars=np.array(seen_chars, np.int64),
    )


def load_tokens(folder: Path, record: TokenVectorsRecord | None) -> TokenStore:
    """The store that `save_tokens` wrote, its arrays mapped. Raises ValueError where its files do not fit together."""
    if record is None:
        return TokenStore()
    place = folder / FOLDER
    codes, scales = (np.asarray(np.load(place / name, mmap_mode="r")) for name in (_CODES, _SCALES))
    with np.load(place / _TEXTS, allow_pickle=False) as texts:
        hashes, read, tokens, seen_chars = (texts[name] for name in ("hashes", "read", "tokens", "seen_chars"))
    rows = int(read.sum())
    if (codes.shape, scales.shape, len(hashes)) != ((rows, BYTES), (rows,), record.passages):
        raise ValueError("the token vectors do not fit together")
    made_by, ends = record.model.removesuffix(_NAMED_BEFORE), np.concatenate([[0], np.cumsum(read)])
    return TokenStore(made_by, _MappedCodes(codes, scales, hashes, ends, tokens, seen_chars))


class _MappedCodes(Mapping[str, TokenCodes]):
    """The token vectors of each text, found when they are asked for."""

    def __init__(self, codes: Codes, scales: Vectors, hashes: Codes, ends: Any, tokens: Any, seen_chars: Any) -> None:
        self._codes, self._scales, self._hashes = codes, scales, hashes
        self._ends, self._tokens, self._seen_chars = ends, tokens, seen_chars
        self._keys = Keys.of(np.ascontiguousarray(hashes[:, :8]).tobytes())

    def __getitem__(self, content_hash: str) -> TokenCodes:
        wanted = bytes.fromhex(content_hash)
        for place in self._keys.of_hash(wanted[:8]):
            if self._hashes[place].tobytes() == wanted:
                here, seen = slice(int(self._ends[place]), int(self._ends[place + 1])), int(self._seen_chars[place])
                tokens = int(self._tokens[place])
                return TokenCodes(self._codes[here], self._scales[here], tokens, None if seen == _ALL_READ else seen)
        raise KeyError(content_hash)

    def __iter__(self) -> Iterator[str]:
        return (one.tobytes().hex() for one in self._hashes)

    def __len__(self) -> int:
        return len(self._hashes)


def _write(path: Path, kind: np.dtype[Any], shape: tuple[int, ...], parts: Iterable[npt.NDArray[Any]]) -> None:
    """An array file, part by part, so that the whole is never in memory twice."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
        )
        for part in parts:
            file.write(np.ascontiguousarray(part, kind).tobytes())
