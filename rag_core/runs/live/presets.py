"""Known retrieval APIs: what they are sent, and where their results are.

`dify` is the contract that a service implements for Dify's external knowledge bases
(docs.dify.ai, External Knowledge API). `search` is what a small service of your own usually takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rag_core.runs.live.endpoint import FieldMap
from rag_core.runs.values import Direction


@dataclass(frozen=True)
class Preset:
    """One API.

    label      what it is called on a page
    url        the address of the request, of what the user typed
    body       what is sent; `{knowledge_id}` is replaced when the endpoint is made
    asks_id    whether it needs the name of a knowledge base
    errors     what its error codes mean, and what to do
    """

    label: str
    url: Callable[[str], str]
    body: str
    fields: FieldMap
    direction: Direction | None = None
    asks_id: bool = False
    errors: dict[int, str] = field(default_factory=dict)


def ending_with(path: str, *, always: bool) -> Callable[[str], str]:
    """Adds the path to an address that does not end with it: always, or only to one that has no path.

    Any other address is asked as it was typed: to many servers, one that ends with a slash is another one.

    >>> ending_with("/retrieval", always=True)("http://a/v1/"), ending_with("/search", always=False)("http://a/v1/")
    ('http://a/v1/retrieval', 'http://a/v1/')
    """

    def url(address: str) -> str:
        address = address.strip()
        bare = address.rstrip("/")
        if "?" in bare or bare.endswith(path) or not (always or urlsplit(bare).path == ""):
            return address
        return bare + path

    return url


PRESETS: dict[str, Preset] = {
    "search": Preset(
        label="JSON search endpoint (/search)",
        url=ending_with("/search", always=False),
        body='{"query": "{query}", "top_k": "{top_k}"}',
        fields=FieldMap(),
    ),
    "dify": Preset(
        label="Dify External Knowledge API (/retrieval)",
        url=ending_with("/retrieval", always=True),
        body="""{"knowledge_id": "{knowledge_id}", "query": "{query}",
 "retrieval_setting": {"top_k": "{top_k}", "score_threshold": 0.0}}""",
        fields=FieldMap(results="records", text="content", id="", title="title", score="score", metadata="metadata"),
        direction="higher",
        asks_id=True,
        errors={
            1001: "The form of the key's header is wrong. Dify's own form is “Authorization: Bearer KEY”.",
            1002: "The key is not accepted. Check it.",
            2001: "There is no knowledge base of this id. Check the knowledge id.",
        },
    ),
}
"""Kind of a retriever behind HTTP -> what is known of it."""
