"""The request of an endpoint, with the question and the number of results filled in.

    {"query": "{query}", "retrieval_setting": {"top_k": "{top_k}"}}

A body is parsed before it is filled, so a question with quotes, braces or line breaks stays one text. A text that is
nothing but `{top_k}` becomes the number. In an address both are written as an address demands.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from rag_core.errors import BadInput

QUERY, TOP_K = "{query}", "{top_k}"


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


def filled(value: object, query: str, top_k: int) -> object:
    """The parsed template with both in the place of their names.

    >>> filled({"q": "{query}", "n": "{top_k}", "hint": "{top_k} for {query}"}, 'a "b"', 5)
    {'q': 'a "b"', 'n': 5, 'hint': '5 for a "b"'}
    """
    if isinstance(value, dict):
        return {name: filled(one, query, top_k) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, query, top_k) for one in value]
    if value == TOP_K:
        return top_k
    # The number first: a question may hold the text {top_k}.
    return value.replace(TOP_K, str(top_k)).replace(QUERY, query) if isinstance(value, str) else value


def filled_url(url: str, query: str, top_k: int) -> str:
    """The address with both in it.

    >>> filled_url("http://a/search?q={query}&k={top_k}", "a&b c", 5)
    'http://a/search?q=a%26b%20c&k=5'
    """
    return url.replace(TOP_K, str(top_k)).replace(QUERY, quote(query, safe=""))


def asks(template: str, url: str) -> bool:
    """True where the question is somewhere in the request."""
    return QUERY in url or QUERY in template
