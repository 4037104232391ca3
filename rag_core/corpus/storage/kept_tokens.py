"""Token vectors of texts as records, one after the other: a record that is cut off or damaged is left out.

content hash (32 bytes), checksum of the rest (4), tokens read, tokens of the text, characters read (8 each; -1: all),
codes, scales
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from rag_core.inference.token_codes import BYTES, TokenCodes

_COUNTS = struct.Struct("<qqq")
_START = 36
_A_TOKEN = BYTES + 4
_ALL_READ = -1


def to_bytes(content_hash: str, one: TokenCodes) -> bytes:
    """One record."""
    seen = _ALL_READ if one.seen_chars is None else one.seen_chars
    scales = np.ascontiguousarray(one.scales, "<f4")
    body = _COUNTS.pack(len(one.codes), one.tokens, seen) + one.codes.tobytes() + scales.tobytes()
    return bytes.fromhex(content_hash) + zlib.crc32(body).to_bytes(4, "little") + body


def tokens_in(data: bytes) -> Iterator[tuple[str, TokenCodes]]:
    """The whole records, up to the first that is not."""
    start = 0
    while start + _START + _COUNTS.size <= len(data):
        read, tokens, seen = _COUNTS.unpack_from(data, start + _START)
        end = start + _START + _COUNTS.size + read * _A_TOKEN
        body = data[start + _START : end]
        if (
            not read >= 0
            or end > len(data)
            or zlib.crc32(body) != int.from_bytes(data[start + 32 : start + 36], "little")
        ):
            return
        codes = np.frombuffer(body, np.uint8, read * BYTES, _COUNTS.size).reshape(read, BYTES)
        scales = np.frombuffer(body, "<f4", read, _COUNTS.size + read * BYTES).astype(np.float32)
        yield data[start : start + 32].hex(), TokenCodes(codes, scales, tokens, None if seen == _ALL_READ else seen)
        start = end
