"""Which retriever is asked, and how: what a form, a file and the command line make alike.

    RetrieverConfig(url="http://localhost:8000")                                  POST /search
    RetrieverConfig(kind="dify", url="http://kb.internal", knowledge_id="hr")      POST /retrieval
    RetrieverConfig(kind="function", function="my_app.search:retrieve")            runs in this process
    RetrieverConfig(url="http://es:9200/docs/_search", body='{"query": ...}', fields=FieldMap(results="hits.hits", ...))

What is left out is the preset's. The key is no part of it.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from rag_core.errors import BadInput
from rag_core.runs.live.endpoint import Endpoint, FieldMap, Method
from rag_core.runs.live.presets import PRESETS
from rag_core.runs.values import DIRECTIONS, Direction, Space
from rag_core.schema.base import Frozen
from rag_core.schema.validation import in_words

FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
MOST = 200
"""Results that are asked for at most."""

LABELS = {
    "url": "The address",
    "function": "The function",
    "knowledge_id": "The knowledge id",
    "body": "The body",
    "headers": "The headers",
    "key_header": "The header of the key",
    "key_prefix": "The text before the key",
    "fields": "The field map",
    "timeout_s": "The time-out",
    "top_k": "The number of results",
    "kind": "The kind",
}
"""How a user knows the fields."""


class RetrieverConfig(Frozen):
    """A retriever.

    kind       `search` or `dify` (presets for HTTP), or `function`
    space      what its scores mean; `direction` which are better, where the space leaves that open
    top_k      how many results it is asked for at first
    key_env    the environment variable that holds its key, for retrievers of the environment
    the rest   None: as the preset says
    """

    kind: Literal["search", "dify", "function"] = "search"
    url: Annotated[str, Field(max_length=2000)] = ""
    function: Annotated[str, Field(max_length=300)] = ""
    knowledge_id: Annotated[str, Field(max_length=300)] = ""
    method: Method | None = None
    body: Annotated[str | None, Field(max_length=20_000)] = None
    headers: dict[str, str] = {}
    key_header: Annotated[str, Field(max_length=100)] = "Authorization"
    key_prefix: Annotated[str, Field(max_length=50)] = "Bearer "
    key_env: Annotated[str, Field(max_length=100)] = ""
    fields: FieldMap | None = None
    space: Space = Space.UNKNOWN
    direction: Direction | None = None
    top_k: Annotated[int, Field(ge=1, le=MOST)] = 20
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0

    @property
    def better(self) -> Direction | None:
        """Which scores are better, as far as the user or the preset said it."""
        known = PRESETS[self.kind].direction if self.kind in PRESETS else None
        return self.direction or (known if DIRECTIONS[self.space] is None else None)

    @property
    def place(self) -> str:
        """What is asked, short enough to show: `localhost:8000/search`, `my_app.search:retrieve`."""
        return self.function if self.kind == "function" else self.endpoint().place

    def endpoint(self) -> Endpoint:
        """The request and the field map. Raises BadInput where something is missing or cannot be used."""
        preset = PRESETS[self.kind]
        body = preset.body if self.body is None else self.body
        known = self.knowledge_id.replace("\\", "\\\\").replace('"', '\\"')
        given: dict[str, Any] = {
            "url": preset.url(self.url),
            "method": self.method or "POST",
            "body": body.replace("{knowledge_id}", known),
            "headers": self.headers,
            "key_header": self.key_header,
            "key_prefix": self.key_prefix,
            "fields": self.fields or preset.fields,
            "timeout_s": self.timeout_s,
        }
        try:
            return Endpoint.model_validate(given)
        except ValidationError as exc:
            raise BadInput(f"{in_words(exc, LABELS)}.".replace("..", ".")) from exc

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.kind == "function":
            if not FUNCTION.fullmatch(self.function):
                raise ValueError("Name the function as module:function, such as my_app.search:retrieve.")
            return self
        if not self.url.strip():
            raise ValueError("Enter the address, such as http://localhost:8000.")
        if PRESETS[self.kind].asks_id and self.body is None and not self.knowledge_id.strip():
            raise ValueError("Enter the knowledge id: the name of the knowledge base that is searched.")
        if self.direction and DIRECTIONS[self.space] not in (None, self.direction):
            raise ValueError(f"In the space {self.space.value}, {DIRECTIONS[self.space]} scores are better.")
        try:
            self.endpoint()
        except BadInput as exc:
            raise ValueError(str(exc)) from exc
        return self


def config_of(fields: dict[str, Any]) -> RetrieverConfig:
    """The config of these fields. Raises BadInput in words for a user."""
    try:
        return RetrieverConfig.model_validate(fields)
    except ValidationError as exc:
        raise BadInput(f"{in_words(exc, LABELS)}.") from exc
