"""What one caller may use beyond what the process has: own keys, rerankers it named, models whose code it trusts.

    Access()                                             the process's environment, and nothing more
    Access(keys={"cohere": SecretStr("...")})            a key of this caller alone
    Access(added=("tei:http://localhost:8080",))         a server that this caller typed
    Access(trusted=frozenset({"jinaai/jina-reranker-v1-tiny-en"}))

A key never leaves its `Credentials`: rerankers that hold one are kept here and die with it, never with the process.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr

from rag_core.rerank.hosted.providers import PROVIDERS

if TYPE_CHECKING:
    from rag_core.generation.chat.access import ChatAccess


T = TypeVar("T")


@dataclass(frozen=True)
class Credentials:
    """Frozen; a caller that gets another key makes another one. Safe to hand to threads.

    environ  where keys and addresses of the whole process stand
    keys     keys of this caller by `credential_scope`, used before the environment's
    added    keys of rerankers that this caller named: they are offered beside the known ones
    trusted  hub names and folders whose own Python code may run in this process
    chat     the chat model that may be asked to rerank
    """

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    keys: Mapping[str, SecretStr] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    trusted: frozenset[str] = frozenset()
    chat: ChatAccess | None = None
    _own: dict[tuple[str, str], Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def key_for(self, model: str) -> SecretStr | None:
        """This caller's own secret for that reranker or embedding model (its key in full), or None."""
        return self.keys.get(credential_scope(model))

    def own(self, name: str, device: str, make: Callable[[], T]) -> T:
        """This caller's one instance of a model that holds its key."""
        with self._lock:
            if (name, device) not in self._own:
                self._own[name, device] = make()
            made: T = self._own[name, device]
            return made


def credential_scope(model: str) -> str:
    """Where the key for a reranker or an embedding model is shown: a hosted service, or one address of a server.

    >>> credential_scope("cohere:rerank-v3.5"), credential_scope("vllm:http://gpu:8000/#BAAI/bge-reranker-v2-m3")
    ('cohere', 'vllm:http://gpu:8000')
    >>> credential_scope("ollama:http://gpu:1#nomic-embed-text?dimensions=256")
    'ollama:http://gpu:1'
    """
    name, _, rest = model.partition("?")[0].partition(":")
    provider = PROVIDERS.get(name)
    address = rest.partition("#")[0].strip().rstrip("/")
    own = address.startswith(ADDRESSES) if provider is None else not provider.hosted
    return f"{name}:{address}" if own else name


ADDRESSES = ("http://", "https://")
