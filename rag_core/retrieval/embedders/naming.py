"""The key of an embedding model: what a setting, a command and the manifest of a collection call it.

    packaged                                          the all-MiniLM-L6-v2 that comes with the project
    models/e5-small, BAAI/bge-small-en-v1.5           a sentence-transformers model: its folder, or its hub name
    openai:text-embedding-3-small                     a service, and which of its models
    vllm:http://gpu:8000#BAAI/bge-m3                  your own server, and which of its models
    openai:text-embedding-3-large?dimensions=1024     shorter vectors, of a model that was trained for that (Matryoshka)
    vllm:http://gpu:8000#intfloat/e5-small?query=query:%20&passage=passage:%20      what is put before each text

The last two go with every kind.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, quote

from pydantic import Field

from rag_core.errors import BadInput
from rag_core.rerank.hosted.addresses import check_address
from rag_core.retrieval.embedders.hosted.apis import APIS
from rag_core.retrieval.embedders.packaged import PACKAGED, PACKAGED_NAME
from rag_core.retrieval.embedders.protocol import Embedder, key_of
from rag_core.schema.base import Frozen

LONGEST_VECTOR = 16_384
OPTIONS = ("dimensions", "query", "passage")


class EmbedderKey(Frozen):
    """What a key names.

    api            a row of `apis`; empty: a model in this process
    model          its name, folder or hub name; empty where a server has only one
    address        of your own server
    dimensions     how long vectors shall be; None: as the model makes them
    query, passage what is put before a question and before a passage; None: as the model's own config says
    """

    api: str = ""
    model: str = ""
    address: str = ""
    dimensions: Annotated[int, Field(ge=1, le=LONGEST_VECTOR)] | None = None
    query: Annotated[str, Field(max_length=500)] | None = None
    passage: Annotated[str, Field(max_length=500)] | None = None

    @property
    def remote(self) -> bool:
        """Whether texts leave this process."""
        return bool(self.api)

    @property
    def options(self) -> str:
        """The options as they stand in a key: `?dimensions=256`; empty without any."""
        given = [(name, getattr(self, name)) for name in OPTIONS if getattr(self, name) is not None]
        return "?" + "&".join(f"{name}={quote(str(value), safe=':')}" for name, value in given) if given else ""

    def __str__(self) -> str:
        """The key in full, the same for all that mean the same."""
        named = f"{self.address}#{self.model}" if self.address and self.model else self.address or self.model
        return (f"{self.api}:{named}" if self.api else named) + self.options

    @property
    def label(self) -> str:
        """How a person knows it: `OpenAI text-embedding-3-small, 512 dimensions`."""
        short = f", {self.dimensions} dimensions" if self.dimensions else ""
        named = PACKAGED_NAME if self.model == PACKAGED else self.model or self.address
        return (f"{APIS[self.api].label} {named}" if self.api else named) + short

    @property
    def goes_to(self) -> str:
        """Whom texts are sent to; empty where they stay in this process."""
        return self.address or (APIS[self.api].label if self.api else "")


def parse_key(key: str, environ: Mapping[str, str] = os.environ) -> EmbedderKey:
    """What a key names; a server without an address gets the environment's. Raises BadInput.

    >>> parse_key("ollama#nomic-embed-text", {"OLLAMA_URL": "http://localhost:11434/"}).address
    'http://localhost:11434'
    """
    named, _, asked = key.partition("?")
    named = named.strip()
    name, _, rest = named.partition("#")[0].partition(":")
    options = _options(key, asked)
    if name not in APIS:
        if ":" in named and not Path(named).exists():
            raise BadInput(f"There is no embedding service {name!r}. Known are: {', '.join(APIS)}.")
        if not named:
            raise BadInput("Name an embedding model: `packaged`, a folder, a hub name, or a service with its model.")
        return EmbedderKey.made_of({"model": named, **options})
    api, model = APIS[name], named.partition("#")[2].strip()
    if api.hosted:
        if not rest.strip():
            raise BadInput(f"Say which model of {api.label}: {name}:<model>.")
        return EmbedderKey.made_of({"api": name, "model": rest.strip(), **options})
    address = rest.strip() or environ.get(api.address_env, "").strip()
    if not address:
        raise BadInput(
            f"{api.label} is not named in full. Write {name}:http://localhost:8080#<model>, or set {api.address_env}."
        )
    return EmbedderKey.made_of({"api": name, "address": check_address(api, address), "model": model, **options})


def label_of(embedder: Embedder) -> str:
    """How a person knows the model of this embedder; its identity where it has no key."""
    key = key_of(embedder)
    return parse_key(key).label if key else embedder.model


def _options(key: str, asked: str) -> dict[str, str]:
    if not asked:
        return {}
    given = parse_qsl(asked.replace("+", "%2B"), keep_blank_values=True)
    if not given or any(name not in OPTIONS for name, _ in given):
        raise BadInput(f"After ? in {key!r} there can be: {', '.join(f'{name}=…' for name in OPTIONS)}.")
    return dict(given)
