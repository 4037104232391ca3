"""What every value of this package is: frozen, validated when it is made, and without unknown fields."""

from __future__ import annotations

import uuid
from typing import Self

from pydantic import (
    BaseModel,
    ConfigDict,
    FiniteFloat,
    ValidationError,
)

from rag_core.errors import BadInput

Scalar = str | int | FiniteFloat | bool


class Frozen(BaseModel):
    """A value: immutable, refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def with_(self, **changes: object) -> Self:
        """The same value with other fields, validated as a new one is. A nested value is given whole.

            policy.with_(pool=20, fusion=policy.fusion.with_(k=30))

        Raises BadInput where there is no such field, or it cannot have that value.
        """
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        try:
            return type(self).model_validate(fields | changes)
        except ValidationError as exc:
            raise BadInput(_said(exc)) from exc


def _said(exc: ValidationError) -> str:
    """The first thing that is wrong, as a sentence; our own validators' messages as they are."""
    first = exc.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{where}: {message}." if where else f"{message}."


def new_id() -> str:
    """An id that no other machine gives: 32 hex digits."""
    return uuid.uuid4().hex
