"""Keys and addresses of rerankers behind HTTP: what a key names, and where its requests go."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from rag_core.errors import BadInput
from rag_core.rerank.hosted.provider import Api, Provider
from rag_core.rerank.hosted.providers import PROVIDERS

VERSIONS = ("/v1", "/v2")
OTHER_CALLS = ("/models", "/embeddings", "/docs", "/health", "/info")
"""Calls of such servers beside reranking, as people copy them with the address, behind a version."""
CALLS_AT_TOP = ("/health", "/info")
"""Those that stand right behind the host; a proxy may have any other name there (`https://gw/models`)."""


def parse_key(key: str, environ: Mapping[str, str]) -> tuple[Provider, str]:
    """Split a key into its provider and the rest; a server without an address gets the environment's. Raises BadInput.

    >>> provider, rest = parse_key("tei", {"TEI_URL": "http://localhost:8080"})
    >>> provider.label, rest
    ('Text Embeddings Inference', 'http://localhost:8080')
    """
    name, _, rest = key.partition(":")
    provider = PROVIDERS.get(name)
    if provider is None:
        raise BadInput(f"There is no reranking service {name!r}. Known are: {', '.join(PROVIDERS)}.")
    rest = rest.strip() or environ.get(provider.address_env, "").strip()
    if not rest:
        how = f"{name}:<model>" if provider.hosted else f"{name}:http://localhost:8080, or set {provider.address_env}"
        raise BadInput(f"{provider.label} is not named in full. Write {how}.")
    return provider, rest


def in_full(key: str, environ: Mapping[str, str]) -> str:
    """The key of a server with its address: `tei` -> `tei:http://localhost:8080`. Raises BadInput without one."""
    if key not in PROVIDERS:
        return key
    provider, address = parse_key(key, environ)
    return f"{provider.name}:{address}"


def check_address(provider: Api, address: str) -> str:
    """The address without a trailing slash. Raises BadInput if it is not one, or holds more than an address."""
    try:
        parts = urlsplit(address.strip())
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise BadInput(f"{provider.label} needs an address such as http://localhost:8080.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise BadInput(
            f"The address of {provider.label} must not hold a user name, a password, ? or #. "
            f"Set the key in {provider.env} instead."
        )
    return address.strip().rstrip("/")


def without_call(address: str) -> str:
    """The address without another call of the server: `http://a:1/v1/models` -> `http://a:1/v1`."""
    path = urlsplit(address).path
    calls = [*CALLS_AT_TOP, *(version + call for version in VERSIONS for call in OTHER_CALLS)]
    found = next((one for one in calls if (path == one if one in CALLS_AT_TOP else path.endswith(one))), "")
    return address.removesuffix(found.removeprefix(next((one for one in VERSIONS if found.startswith(one)), "")))


def endpoint(provider: Api, address: str) -> str:
    """Where requests go: the address with the provider's path, unless it names the whole endpoint already. What both
    name counts once, a version too, and another call of the server not at all:
    `http://a:1/v1`, `http://a:1/v1/models` -> `http://a:1/v1/rerank`.
    """
    if urlsplit(address).path.endswith(provider.ends):
        return address
    address = without_call(address)
    parts = provider.path.split("/")
    starts = ["/".join(parts[:end]) for end in range(len(parts) - 1, 1, -1)]
    versions = VERSIONS if provider.path.startswith(VERSIONS) else ()
    path = urlsplit(address).path
    return address.removesuffix(next((one for one in (*starts, *versions) if path.endswith(one)), "")) + provider.path
