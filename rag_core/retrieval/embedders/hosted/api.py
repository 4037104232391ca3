"""`EmbeddingApi`: the API of an embedding service or server, a row of `apis`. Rerankers share what `Api` has."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from rag_core.rerank.hosted.provider import Api

Role = Literal["query", "passage"]
EMBED_PATHS = ("/embeddings", "/embed")


class EmbeddingApi(Api):
    """How requests for vectors look, and how answers are read. Places in an answer are dotted paths.

    inputs      field of the texts
    wrapped     True: each text is an object of its own, with model, role and dimensions (Gemini's shape)
    role        field that says what a text is; `roles`: what it says of a question and of a passage
    dimensions  field that asks for shorter vectors; empty where there is none
    options     sent with every request
    vectors     place of the list of vectors; `vector`: place of the numbers in one, empty: it is the numbers
    index       field that says which text a vector is of; empty: they stand in the order of the texts
    longest     tokens of a text that its models read, as far as `known` says nothing of the model
    """

    ends: tuple[str, ...] = EMBED_PATHS
    inputs: str = "input"
    wrapped: bool = False
    role: str = ""
    roles: dict[Role, str] = {}
    dimensions: str = "dimensions"
    options: dict[str, JsonValue] = {}
    vectors: str = "data"
    vector: str = "embedding"
    index: str = "index"
    longest: int = 8192
    too_large: frozenset[int] = frozenset({400, 413, 422})
    noun: str = "embedding model"
    limited: str = "Wait a little, then try again: what was embedded is kept."
