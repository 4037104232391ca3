"""What is missing before a caller can use a reranker: a package, a key, an address, weights, trust in its code."""

from __future__ import annotations

from collections.abc import Callable

from rag_core.errors import SecondPassError
from rag_core.installation.extras import install_command
from rag_core.installation.packages import is_installed
from rag_core.rerank.access import Credentials
from rag_core.rerank.entry import Entry, Requirement
from rag_core.rerank.hosted.entries import OLLAMA_INSTEAD
from rag_core.rerank.hosted.providers import PROVIDERS
from rag_core.rerank.registry import kind_named
from rag_core.rerank.weights.hub import local_folder


def unmet_requirement(entry: Entry, access: Credentials | None = None) -> str:
    """What this caller lacks for that reranker, as a sentence; empty if nothing.

    Looks at installed packages, keys, addresses and this machine's disk; sends nothing. Without `access`, only the
    environment counts.
    """
    if missing := missing_packages(entry):
        return f"Not installed: {', '.join(missing)}. Install with: {install_command(*missing)}"
    return REQUIREMENT_CHECKS[entry.needs](entry, access or Credentials())


def missing_packages(entry: Entry) -> list[str]:
    """The packages that this reranker needs on this machine and that are not installed."""
    kind = kind_named(entry.kind)
    missing = [name for name in kind.packages if not is_installed(name)] if kind else []
    return [] if missing and kind and kind.independent(entry) else missing


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
    size = f" (up to {entry.download_mb:,} MB)" if entry.download_mb else ""
    return "" if folder else f"Its weights{size} are not on this machine. Download them from the model hub."


def _code(entry: Entry, access: Credentials) -> str:
    if entry.model in access.trusted:
        return _download(entry, access)
    return (
        "This model comes with Python code, which would run with all rights of this process. "
        "That is off until you allow it for this model (trust_remote_code)."
    )


def _serving(entry: Entry, _access: Credentials) -> str:
    return f"Not a plain cross-encoder. Serve it, for example with vLLM, and name it vllm:<address>#{entry.model}."


def _another(_entry: Entry, _access: Credentials) -> str:
    return OLLAMA_INSTEAD


def _chat(entry: Entry, access: Credentials) -> str:
    kind = kind_named(entry.kind)
    if access.chat and kind and entry.key in kind.offered(access):
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
