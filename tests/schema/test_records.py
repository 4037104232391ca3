"""Stored records are read by version, and refused in words."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import pytest

from rag_core.errors import UnreadableRecord
from rag_core.schema.base import Frozen
from rag_core.schema.records import Raw, RecordFormat, listing


class Shelf(Frozen):
    version: Literal[3] = 3
    name: str
    places: tuple[int, ...] = ()
    kind: Literal["deep", "flat"] = "deep"
    at: datetime | None = None


def renamed(raw: Raw) -> Raw:
    return {"name": raw["label"], **{key: value for key, value in raw.items() if key != "label"}}


def split(raw: Raw) -> Raw:
    return raw | {"places": [int(one) for one in raw["places"].split()]}


SHELF = RecordFormat("shelf", Shelf, 3, "A shelf is made of wood.", upgrades={1: renamed, 2: split})


def test_the_newest_version_is_read_as_it_is() -> None:
    shelf = Shelf(name="top", places=(1, 2))
    assert SHELF.read(shelf.model_dump_json()) == shelf


@pytest.mark.parametrize(
    "old", ['{"label": "top", "places": "1 2"}', '{"version": 1, "label": "top", "places": "1 2"}',
            '{"version": 2, "name": "top", "places": "1 2"}']
)  # fmt: skip
def test_older_versions_are_upgraded_step_by_step(old: str) -> None:
    assert SHELF.read(old) == Shelf(name="top", places=(1, 2))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "This is not a shelf: it is not complete JSON. A shelf is made of wood."),
        ('{"version": 3, "na', "This is not a shelf: it is not complete JSON. A shelf is made of wood."),
        ("[" * 10_000, "This is not a shelf: it is not complete JSON. A shelf is made of wood."),
        ("[]", "This is not a shelf. A shelf is made of wood."),
        ('{"version": "x"}', "This is not a shelf: its version is no number. A shelf is made of wood."),
        ('{"version": true}', "This is not a shelf: its version is no number. A shelf is made of wood."),
        ('{"version": 4}', "This shelf was written by a newer version of Second Pass (4); update to open it."),
        ('{"version": 1}', "This is not a shelf of version 1. A shelf is made of wood."),
        ('{"version": 2, "places": 7}', "This is not a shelf of version 2. A shelf is made of wood."),
        ('{"version": 3}', "This is not a shelf that can be read: “name” is missing. A shelf is made of wood."),
        (
            '{"version": 3, "name": "a", "colour": "red"}',
            "This is not a shelf that can be read: “colour” is not a field that this version knows. "
            "A shelf is made of wood.",
        ),
        (
            '{"version": 3, "name": 7}',
            "This is not a shelf that can be read: “name” should be text. A shelf is made of wood.",
        ),
        (
            '{"version": 3, "name": "a", "places": [1, "x"]}',
            "This is not a shelf that can be read: “places › 2” should be a whole number. A shelf is made of wood.",
        ),
        (
            '{"version": 3, "name": "a", "kind": "odd"}',
            "This is not a shelf that can be read: “kind” should be 'deep' or 'flat'. A shelf is made of wood.",
        ),
        (
            '{"version": 3, "name": "a", "at": "soon"}',
            "This is not a shelf that can be read: “at” should be a date and time. A shelf is made of wood.",
        ),
    ],
)
def test_what_cannot_be_read_is_said_in_words(text: str, told: str) -> None:
    with pytest.raises(UnreadableRecord) as caught:
        SHELF.read(text)
    assert str(caught.value) == told


def test_a_listing_names_what_it_leaves_out() -> None:
    def missing() -> Shelf:
        raise FileNotFoundError(2, "No such file or directory")

    texts = {"good": '{"version": 3, "name": "a"}', "newer": '{"version": 9}'}
    read = [(name, lambda text=text: SHELF.read(text)) for name, text in texts.items()]
    found = listing([*read, ("gone", missing)])
    assert [one.name for one in found.found] == ["a"]
    assert [str(one) for one in found.left_out] == [
        "newer: This shelf was written by a newer version of Second Pass (9); update to open it.",
        "gone: It cannot be read (No such file or directory).",
    ]
