"""What cosines of one embedding model mean: no number means the same for two models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rag_core.schema.base import Frozen

Cosine = Annotated[float, Field(ge=-1, le=1)]


class CosineCutoffs(Frozen):
    """Two cut-offs of one embedding model.

    model  the model's identity, as in manifests; for any other model they mean nothing
    far    a best cosine under it means that the question is about something else
    alike  from it on two sentences count as saying the same
    """

    model: str
    far: Cosine
    alike: Cosine
