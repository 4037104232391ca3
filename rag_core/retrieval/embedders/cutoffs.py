"""Cosine cut-offs of the embedding models that somebody has calibrated.

To add a model, measure both cut-offs on questions and sentences whose answers people know, as the tests do for the
packaged one. They are not portable: E5 and BGE put unrelated sentences over 0.6, where the packaged model puts 0.1.
"""

from __future__ import annotations

from rag_core.retrieval.embedders.packaged import PACKAGED_NAME, PACKAGED_SHA256
from rag_core.schema.cutoffs import CosineCutoffs

PACKAGED_CUTOFFS = CosineCutoffs(model=f"{PACKAGED_NAME}@{PACKAGED_SHA256[:12]}", far=0.25, alike=0.57)
"""On the sample corpus. `far`: 7 of 10 questions about other things lie under it, none of its 177 questions does.
`alike`: right for 36 of 40 sentences written for this, half of them said by a document."""

CALIBRATED = {PACKAGED_CUTOFFS.model: PACKAGED_CUTOFFS}


def cutoffs_of(embedding_model: str) -> CosineCutoffs | None:
    """The cut-offs of this model (its identity, as in manifests); None where nobody has calibrated it."""
    return CALIBRATED.get(embedding_model)
