"""How documents are cut into passages."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    Field,
)

from rag_core.schema.base import Frozen


class Chunking(Frozen):
    """How documents are cut: at headings first, then to `max_tokens` of the bi-encoder's own tokenizer.

    `overlap` tokens of a piece stand again at the start of the next one under the same heading.
    """

    max_tokens: Annotated[int, Field(ge=16, le=2048)] = 200
    overlap: Annotated[int, Field(ge=0, le=512)] = 0
