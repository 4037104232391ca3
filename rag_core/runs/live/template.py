"""The request of an endpoint, with the question, the number of results and the key filled in.

    {"query": "{query}", "retrieval_setting": {"top_k": "{top_k}"}}

A body is parsed before it is filled, so a question with quotes, braces or line breaks stays one text. A text that is
nothing but `{top_k}` becomes the number. In an address they are written as an address demands. `{key}` is the key, for
APIs that want it in the body or in the address; what is filled in is never filled again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from rag_core.errors import BadInput

QUERY, TOP_K, KEY = "{query}", "{top_k}", "{key}"
PLACES = re.compile(r"\{(?:query|top_k|key)\}")


def parsed_body(template: str) -> object:
    """The template as JSON; None for an empty one. Raises BadInput with the place where it is none."""
    if not template.strip():
        return None
    try:
        parsed = json.loads(template)
        json.dumps(parsed, ensure_ascii=False).encode()
        return parsed
    except UnicodeEncodeError as exc:
        raise BadInput("The body has half of a character (\\ud800 to \\udfff alone). Remove it.") from exc
    except (ValueError, RecursionError) as exc:
        place = f" at line {exc.lineno}, column {exc.colno}" if isinstance(exc, json.JSONDecodeError) else ""
        raise BadInput(
            f'The body is no JSON{place}. Write the placeholders in quotes, as in {{"query": "{QUERY}", '
            f'"top_k": "{TOP_K}"}}.'
        ) from exc


def filled(value: object, query: str, top_k: int, key: str = "") -> object:
    """The parsed template with each in the place of its name.

    >>> filled({"q": "{query}", "n": "{top_k}", "hint": "{top_k} for {query}"}, 'a "b"', 5)
    {'q': 'a "b"', 'n': 5, 'hint': '5 for a "b"'}
    >>> filled({"q": "{query}", "auth": "Token {key}"}, "what is {key}?", 5, "s3cret")
    {'q': 'what is {key}?', 'auth': 'Token s3cret'}
    """
    if isinstance(value, dict):
        return {name: filled(one, query, top_k, key) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, query, top_k, key) for one in value]
    if value == TOP_K:
        return top_k
    return _put(value, {QUERY: query, TOP_K: str(top_k), KEY: key}) if isinstance(value, str) else value


def filled_url(url: str, query: str, top_k: int, key: str = "") -> str:
    """The address with each in it.

    >>> filled_url("http://a/search?q={query}&k={top_k}&key={key}", "a&b {key}", 5, "s/1")
    'http://a/search?q=a%26b%20%7Bkey%7D&k=5&key=s%2F1'
    """
    return _put(url, {QUERY: quote(query, safe=""), TOP_K: str(top_k), KEY: quote(key, safe="")})


def _put(text: str, values: Mapping[str, str]) -> str:
    """Every placeholder at once, so that a question which holds the name of another stays as it is."""
    return PLACES.sub(lambda found: values[found.group()], text)


def asks(template: str, url: str) -> bool:
    """True where the question is somewhere in the request."""
    return QUERY in url or QUERY in template
