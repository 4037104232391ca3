"""What every value of this package is: frozen, validated when it is made, and without unknown fields."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    FiniteFloat,
    ValidationError,
)

from rag_core.errors import BadInput
from rag_core.schema.validation import in_words

Scalar = str | int | FiniteFloat | bool


class Frozen(BaseModel):
    """A value: immutable, refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def with_(self, **changes: object) -> Self:
        """The same value with other fields, validated as a new one is. A nested value is given whole.

            policy.with_(pool=20, fusion=policy.fusion.with_(k=30))

        Raises BadInput where there is no such field, or it cannot have that value.
        """
        return self.made_of({name: getattr(self, name) for name in type(self).model_fields} | changes)

    @classmethod
    def made_of(cls, fields: Mapping[str, object]) -> Self:
        """The value of these fields. Raises BadInput where there is no such field, or it cannot have that value."""
        try:
            return cls.model_validate(fields)
        except ValidationError as exc:
            raise BadInput(f"{in_words(exc)}.") from exc

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, but what was worked out of the old fields and cached is worked out again from the new ones."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


def new_id() -> str:
    """An id that no other machine gives: 32 hex digits."""
    return uuid.uuid4().hex
