"""What is wrong with a value is said in words: where it is and what is accepted, never in pydantic's."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, FiniteFloat, ValidationError

from rag_core.schema.base import Frozen
from rag_core.schema.validation import in_words

ROOT = Path(__file__).parents[2]


class Offer(Frozen):
    """A value with one field of each kind."""

    name: Annotated[str, Field(min_length=1, max_length=3)] = "a"
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    prices: Annotated[tuple[FiniteFloat, ...], Field(min_length=1)] = (1.0,)
    kind: Literal["deep", "flat"] = "deep"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"names": "a"}, "“names” is not a field that this version knows"),
        ({"name": ""}, "“name” should not be empty"),
        ({"name": "abcd"}, "“name” should have at most 3 characters"),
        ({"share": 0}, "“share” should be more than 0"),
        ({"share": 2}, "“share” should be 1 or less"),
        ({"share": "much"}, "“share” should be a number"),
        ({"prices": [1, "x"]}, "“prices › 2” should be a number"),
        ({"prices": []}, "“prices” should not be empty"),
        ({"kind": "odd"}, "“kind” should be 'deep' or 'flat'"),
    ],
)
def test_the_first_fault_in_words(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Offer.model_validate(given)
    assert in_words(caught.value) == told


def test_a_field_is_called_what_the_user_calls_it() -> None:
    with pytest.raises(ValidationError) as caught:
        Offer.model_validate({"name": ""})
    assert in_words(caught.value, {"name": "--name"}) == "--name should not be empty"


def test_nobody_else_reads_the_messages_of_pydantic() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("rag_core", "ui", "pages")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "validation.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr == "errors" and ast.unparse(node.value) in ("exc", "error"))
        or (isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "'msg'")
    ]
    assert found == []
