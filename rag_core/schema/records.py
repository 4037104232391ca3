"""Read what was stored, by this version of Second Pass or an older one.

A `RecordFormat` knows the newest version of one kind of record and how to upgrade older ones step by step:

    TRACE = RecordFormat(noun="trace", model=Trace, version=2, upgrades={1: from_version_1}, accepts="...")
    TRACE.read(text)        # a Trace, or UnreadableRecord in words for a user

A list of records is read as a `Listing`: what can be read, and a note for each one that cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pydantic_core
from pydantic import ValidationError

from rag_core.errors import SecondPassError, UnreadableRecord, first_line
from rag_core.schema.base import Frozen
from rag_core.schema.validation import in_words

Value = TypeVar("Value", bound=Frozen)
Item = TypeVar("Item")
Raw = dict[str, Any]
Upgrade = Callable[[Raw], Raw]


@dataclass(frozen=True)
class RecordFormat(Generic[Value]):
    """One kind of record.

    noun      what it is called in messages: "trace"
    accepts   a sentence that says what such a record is, for the message about one that is something else
    version   the newest version; `version_field` holds it, and a record without that field is version 1
    upgrades  by version: turns a record of it into one of the next. They get a dict of their own to change.
    nested    upgrades the records that stand in this one, whatever its own version
    """

    noun: str
    model: type[Value]
    version: int
    accepts: str
    version_field: str = "version"
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict)
    nested: Upgrade = dict
    error: type[UnreadableRecord] = UnreadableRecord

    def read(self, text: str | bytes) -> Value:
        """The record, upgraded to the newest version. Raises `error` in words for a user."""
        try:
            raw = pydantic_core.from_json(text)
        except ValueError as exc:
            raise self.error(f"This is not a {self.noun}: it is not complete JSON. {self.accepts}") from exc
        return self.value_of(raw)

    def value_of(self, raw: object) -> Value:
        """The record from parsed JSON. Raises `error` in words for a user."""
        try:
            return self.model.model_validate(self.upgraded(raw))
        except ValidationError as exc:
            raise self.error(f"This is not a {self.noun} that can be read: {in_words(exc)}. {self.accepts}") from exc

    def upgraded(self, raw: object) -> Raw:
        """The record's fields as the newest version has them; they are not validated yet."""
        if not isinstance(raw, dict):
            raise self.error(f"This is not a {self.noun}. {self.accepts}")
        version = raw.get(self.version_field, 1)
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise self.error(f"This is not a {self.noun}: its {self.version_field} is no number. {self.accepts}")
        if version > self.version:
            raise self.error(
                f"This {self.noun} was written by a newer version of Second Pass ({version}); update to open it.",
                newer=True,
            )
        fields: Raw = raw
        for before in range(version, self.version):
            fields = self._step(before, dict(fields)) | {self.version_field: before + 1}
        return self.nested(dict(fields))

    def _step(self, version: int, fields: Raw) -> Raw:
        """One upgrade. It walks a foreign structure, so whatever goes wrong in it means that the structure is wrong."""
        try:
            return self.upgrades[version](fields)
        except (LookupError, TypeError, AttributeError, ValueError) as exc:
            raise self.error(f"This is not a {self.noun} of version {version}. {self.accepts}") from exc


@dataclass(frozen=True)
class LeftOut:
    """A stored record that cannot be read: what it is called, and why, in a sentence."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class Listing(Generic[Item]):
    """Stored records: those that can be read, and a note for each of the others."""

    found: tuple[Item, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def listing(records: Iterable[tuple[str, Callable[[], Item]]]) -> Listing[Item]:
    """Read each record by its name; one that raises in words, or whose file cannot be read, is left out."""
    found: list[Item] = []
    left_out: list[LeftOut] = []
    for name, read in records:
        try:
            found.append(read())
        except SecondPassError as exc:
            left_out.append(LeftOut(name, str(exc)))
        except OSError as exc:
            left_out.append(LeftOut(name, f"It cannot be read ({exc.strerror or first_line(exc)})."))
    return Listing(tuple(found), tuple(left_out))
