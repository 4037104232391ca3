"""`Api`: what services and servers over HTTP share. `Provider`: one that reranks, a row of `providers`. `Probe`: how a
server says which model it runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from rag_core.schema.base import Frozen
from rag_core.schema.spaces import ScoreSpace


class Probe(Frozen):
    """How a server is asked which model it runs. Places are dotted paths, as in `Provider`.

    path      after the server's address; answers a GET with JSON
    models    place of the list of models; empty: the answer describes the only one
    tag       what a name without one means to the server: `nomic-embed-text` is `nomic-embed-text:latest`
    model     place of the model's name, in the answer or in an item of the list
    revision  places of what tells versions of the model apart
    batch     place of the most passages a request may hold
    """

    path: str
    models: str = ""
    model: str
    revision: tuple[str, ...] = ()
    batch: str = ""
    tag: str = ""


INFO = Probe(path="/info", model="model_id", revision=("model_sha", "model_dtype"), batch="max_client_batch_size")
"""Text Embeddings Inference."""

MODELS = Probe(path="/v1/models", models="data", model="id", revision=("root", "meta.n_params", "meta.size"))
"""OpenAI's shape. vLLM adds the folder or hub name (`root`), llama.cpp the size of the file (`meta`)."""

MODELS_AT_TOP = MODELS.model_copy(update={"path": "/models", "revision": ("backend",)})
"""Infinity."""

CHAT_MODELS = MODELS.model_copy(update={"path": "/models"})
"""The same after the base URL of a chat server, which ends with `/v1`."""

PROPS = Probe(path="/props", model="model_path", revision=("build_info",))
"""llama.cpp before it listed models."""


RERANK_PATHS = ("/rerank", "/reranking")


class Api(Frozen):
    """What every service and server over HTTP has in common, whatever it does with texts.

    Places in an answer are dotted paths: `usage.total_tokens`.

    address         scheme and host of a hosted service; empty for your own server
    ends            ends of an address that names the whole endpoint already
    env             environment variable of the key; `key_header` and `key_prefix` say how the key is sent
    address_env     environment variable of a server's address; the key of `env` is sent to that address only
    batch           texts per request; `batch_bytes`: UTF-8 bytes per request
    too_large       statuses that too many texts are refused with, where the message says so
    errors          places of the message in an error answer; the first that holds a string counts
    tokens, units   places of what was billed, if the provider says so
    probes          how a server says which model it runs; a hosted service is not asked
    noun            what it is, for messages; `limited`: what to do where it takes no more requests now
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    label: str
    address: str = ""
    path: str
    ends: tuple[str, ...] = ()
    env: str
    address_env: str = ""
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    headers: dict[str, str] = {}
    batch: Annotated[int, Field(ge=1)]
    batch_bytes: Annotated[int, Field(ge=1)] = 4_000_000
    too_large: frozenset[int] = frozenset({413, 422})
    errors: tuple[str, ...]
    tokens: str = ""
    units: str = ""
    probes: tuple[Probe, ...] = ()
    noun: str
    limited: str

    @property
    def hosted(self) -> bool:
        """True for a service with a fixed address, which always needs a key."""
        return bool(self.address)


class Provider(Api):
    """The API of one reranking service or server: how requests look and how answers are read.

    takes_model     False: the server has one model, and a name after `#` only tells its scores from another's
    documents       field of the passages; with `document_field`, each passage is an object with that one field
    top             field that asks for all results, if the provider has one
    options         sent with every request; `model_options`: with requests to that model
    results         place of the result list; empty: the answer is the list
    """

    ends: tuple[str, ...] = RERANK_PATHS
    takes_model: bool = True
    documents: str = "documents"
    document_field: str = ""
    top: str = ""
    options: dict[str, JsonValue] = {}
    model_options: dict[str, dict[str, JsonValue]] = {}
    results: str = "results"
    index: str = "index"
    score: str = "relevance_score"
    space: ScoreSpace = ScoreSpace.PROBABILITY
    noun: str = "reranker"
    limited: str = "Wait a little, or use a smaller pool."
