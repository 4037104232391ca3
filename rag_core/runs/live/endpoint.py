"""One HTTP endpoint in full: the request that it takes, and where the results are in its answer.

The key is no part of it, so an endpoint can be shown, linked and saved.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, field_validator, model_validator

from rag_core.errors import BadInput
from rag_core.runs.live.field_paths import parts_of
from rag_core.runs.live.template import KEY, PLACES, QUERY, asks, parsed_body
from rag_core.schema.base import Frozen

Method = Literal["POST", "GET"]
Path = Annotated[str, Field(max_length=300)]

HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name (RFC 9110, 5.6.2)."""

SECRET = re.compile(
    r"(?i:authori[sz]ation|cookie|token(?!i[sz])|secret|password|passwd|pwd|jwt|signature|credential|(api|access|app)-?key)"
    r"|(?i:(^|[-_.])(key|auth|session|sig)(id)?(?![a-z]))|[a-z0-9](Key|Auth|Session|Sig)(?![a-z])"
)
"""Names of headers, of parameters and of a body's fields that hold a key. `keywords` and `author` hold none."""

KEY_ELSEWHERE = f"looks like a key, which would be shown; enter keys in their own field, and write {KEY} where one goes"


def secret_field(body: object) -> str:
    """The name of a body's field that holds a key as a text; empty where none does.

    Further inside, `key` names the field of a filter, as in Qdrant's `{"must": [{"key": "city", "match": ...}]}`.
    """
    rest = [(body, False)]
    while rest:
        value, inside = rest.pop()
        if isinstance(value, list):
            rest += [(one, True) for one in value]
        if not isinstance(value, dict):
            continue
        for name, one in value.items():
            literal = isinstance(one, str) and one.strip() and not PLACES.search(one)
            if literal and SECRET.search(name) and not (inside and name == "key"):
                return str(name)
        rest += [(one, True) for one in value.values()]
    return ""


class FieldMap(Frozen):
    """Where the results are in an answer (see `field_paths`).

    results   the list, in the whole answer
    the rest  in each result; an empty path means that it is not there
    """

    results: Path = "results"
    text: Path = "text"
    id: Path = "id"
    title: Path = "title"
    score: Path = "score"
    metadata: Path = "metadata"

    @field_validator("*")
    @classmethod
    def _is_a_path(cls, path: str) -> str:
        try:
            parts_of(path)
        except BadInput as exc:
            raise ValueError(str(exc)) from exc
        return path.strip()

    @model_validator(mode="after")
    def _finds_something(self) -> Self:
        if not self.text and not self.id:
            raise ValueError("Say where the text of a result is, or at least its id.")
        return self


class Endpoint(Frozen):
    """Where a question is sent, and what is sent.

    url, body   hold `{query}`, `{top_k}` and, where the API wants it, `{key}` (see `template`); a GET sends no body
    headers     besides the key's; they are shown. `{key}` is filled in
    key_header  the header of the key, which stands there behind `key_prefix`; unused where `{key}` has a place
    timeout_s   for the whole answer
    """

    url: Annotated[str, Field(max_length=2000)]
    method: Method = "POST"
    body: Annotated[str, Field(max_length=20_000)] = ""
    headers: dict[str, str] = {}
    key_header: Annotated[str, Field(max_length=100)] = "Authorization"
    key_prefix: Annotated[str, Field(max_length=50)] = "Bearer "
    fields: FieldMap = FieldMap()
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0

    @property
    def place(self) -> str:
        """Host and path, short enough to show: `localhost:8000/search`."""
        parts = urlsplit(self.url)
        return f"{parts.netloc}{parts.path}"

    @property
    def key_in_address(self) -> bool:
        """True where the key is a part of the address."""
        return KEY in self.url

    @property
    def key_in_request(self) -> bool:
        """True where the request says itself where the key stands, so that `key_header` is not sent."""
        sent = (self.body if self.method == "POST" else "", *self.headers.values())
        return self.key_in_address or any(KEY in one for one in sent)

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        url = url.strip()
        try:
            parts = urlsplit(url)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound or not url.isprintable() or " " in url:
            raise ValueError("must look like http://localhost:8000/search")
        if parts.username or parts.password:
            raise ValueError("must not hold a user name or password; enter the key in its own field")
        if KEY in parts.netloc:
            raise ValueError(f"must not have {KEY} in its host; write it in the path or in a parameter")
        if parts.fragment:
            raise ValueError("must not hold #")
        named = [name for name, value in parse_qsl(parts.query, True) if not PLACES.search(value)]
        if secret := next(filter(SECRET.search, named), ""):
            raise ValueError(f"{secret} in it {KEY_ELSEWHERE}")
        return url

    @field_validator("headers")
    @classmethod
    def _shown_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not HEADER.fullmatch(name) or not value.isascii() or not value.isprintable():
                raise ValueError(f"{name!r} is no header that can be sent")
            if SECRET.search(name) and KEY not in value:
                raise ValueError(f"{name} {KEY_ELSEWHERE}")
        return headers

    @field_validator("key_prefix")
    @classmethod
    def _before_the_key(cls, prefix: str) -> str:
        if not prefix.isascii() or not prefix.isprintable():
            raise ValueError("must be plain letters, such as Bearer: no header can carry others")
        return prefix

    @field_validator("key_header")
    @classmethod
    def _header_of_the_key(cls, name: str) -> str:
        if not HEADER.fullmatch(name):
            raise ValueError("must be a header's name, such as Authorization")
        return name

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        try:
            secret = secret_field(parsed_body(self.body))
        except BadInput as exc:
            raise ValueError(str(exc)) from exc
        if secret:
            raise ValueError(f"{secret} in the body {KEY_ELSEWHERE}")
        sent = self.body if self.method == "POST" else ""
        if not asks(sent, self.url):
            raise ValueError(
                f"Write {QUERY} where the question goes, in the {'body' if self.method == 'POST' else 'address'}."
            )
        return self
