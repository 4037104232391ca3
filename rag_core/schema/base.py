"""What every value of this package is: frozen, validated when it is made, and without unknown fields."""

from __future__ import annotations

from pydantic import (
    BaseModel,
    ConfigDict,
    FiniteFloat,
)

Scalar = str | int | FiniteFloat | bool


class Frozen(BaseModel):
    """A value: immutable, refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
