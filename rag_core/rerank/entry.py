"""What the catalogue says of one reranker, and what is missing before it can be used."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Annotated, Literal

from pydantic import Field

from rag_core.errors import SecondPassError
from rag_core.inference import engine
from rag_core.installation.extras import install_command
from rag_core.rerank.access import Credentials
from rag_core.rerank.hosted.providers import PROVIDERS
from rag_core.rerank.llm_grader import keys_of
from rag_core.rerank.weights import backends
from rag_core.rerank.weights.hub import local_folder
from rag_core.schema.base import Frozen
from rag_core.schema.price import Price
from rag_core.schema.spaces import ScoreSpace

Kind = Literal[
    "none",
    "late interaction",
    "ColBERT",
    "cross-encoder",
    "blend",
    "rerankers package",
    "hosted",
    "own server",
    "language model",
]
Requirement = Literal["nothing", "key", "address", "download", "code", "serving", "another server", "chat"]

PACKAGES: dict[Kind, tuple[str, ...]] = {
    "none": (),
    "late interaction": ("torch", "transformers"),
    "ColBERT": ("torch", "transformers", "sentence_transformers"),
    "cross-encoder": ("torch", "transformers", "sentence_transformers"),
    "blend": ("torch", "transformers"),
    "rerankers package": ("torch", "transformers", "rerankers"),
    "hosted": ("httpx",),
    "own server": ("httpx",),
    "language model": ("openai",),
}
"""What each kind imports when it is used, unless all of it runs on OpenVINO."""


class Entry(Frozen):
    """One reranker.

    default_threshold  a probability, where the model is calibrated well enough to have one
    size               parameters, as its maker says; empty where unknown (hosted)
    context            tokens that it reads of a question with one passage; None: unknown or the server's
    price              where hosted, and only where a source is known; `Price.what` says of what
    needs              nothing | key (hosted) | address (own server) | download | code (runs Python that comes with the
                       model) | serving (an architecture that is only used through a server) | another server |
                       chat (a chat model that is set up)
    """

    key: Annotated[str, Field(min_length=1)]
    label: str
    kind: Kind
    model: str = ""
    maker: str = ""
    licence: str = ""
    size: str = ""
    languages: str = ""
    context: Annotated[int | None, Field(ge=1)] = None
    space: ScoreSpace
    default_threshold: float | None = None
    price: Price | None = None
    needs: Requirement = "nothing"
    note: str = ""


def unmet_requirement(entry: Entry, access: Credentials | None = None) -> str:
    """What stands between this caller and that reranker, in words for a user; empty where nothing does.

    Looks at packages, at keys and addresses and at this disk; sends nothing. Without `access` only the environment
    counts.
    """
    absent = [name for name in PACKAGES[entry.kind] if find_spec(name) is None]
    if absent and not _on_openvino(entry):
        return f"Not installed: {', '.join(absent)}. Install with: {install_command(*absent)}"
    return REQUIREMENT_CHECKS[entry.needs](entry, access or Credentials())


def _on_openvino(entry: Entry) -> bool:
    """Whether OpenVINO runs it on this machine: a packaged model, or a cross-encoder here that is a plain BERT."""
    if entry.kind in ("late interaction", "blend"):
        return engine.installed()
    return entry.kind == "cross-encoder" and backends.resolve_backend("auto", entry.model, "cpu") != "torch"


def _key(entry: Entry, access: Credentials) -> str:
    env = PROVIDERS[entry.key.partition(":")[0]].env
    there = access.key_for(entry.key) or access.environ.get(env, "").strip()
    return "" if there else f"No key: set the environment variable {env}."


def _address(entry: Entry, access: Credentials) -> str:
    name, _, address = entry.key.partition(":")
    env = PROVIDERS[name].address_env
    if address or access.environ.get(env, "").strip():
        return ""
    return f"No server: set {env} to its address, such as http://localhost:8080, or name it {name}:<address>."


def _download(entry: Entry, access: Credentials) -> str:
    try:
        folder = local_folder(entry.model, code=entry.model in access.trusted)
    except SecondPassError as exc:
        return str(exc)
    size = f" ({entry.size})" if entry.size else ""
    return "" if folder else f"Its weights{size} are not on this machine; they come from the model hub."


def _code(entry: Entry, access: Credentials) -> str:
    if entry.model in access.trusted:
        return _download(entry, access)
    return (
        "It runs Python code that comes with the model, with all rights of this process. "
        "That is off unless its user turns it on for this model (trust_remote_code)."
    )


def _serving(entry: Entry, _access: Credentials) -> str:
    return f"Not a plain cross-encoder: serve it, for example with vLLM, and name it vllm:<address>#{entry.model}."


def _another(_entry: Entry, _access: Credentials) -> str:
    return (
        "Ollama has no rerank endpoint. Serve the same GGUF file with llama.cpp "
        "(llama-server --rerank --pooling rank) and name it llamacpp:<address>."
    )


def _chat(entry: Entry, access: Credentials) -> str:
    if entry.key in keys_of(access.chat) and access.chat:
        return ""
    return "No chat model of that name is set up: see Chat model in the sidebar, or set OPENAI_API_KEY."


REQUIREMENT_CHECKS: dict[Requirement, Callable[[Entry, Credentials], str]] = {
    "nothing": lambda _entry, _access: "",
    "key": _key,
    "address": _address,
    "download": _download,
    "code": _code,
    "serving": _serving,
    "another server": _another,
    "chat": _chat,
}
