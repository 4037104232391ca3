"""The tiny cross-encoder of the rerankers' tests."""

from __future__ import annotations

from tests.rerank.conftest import make_model, tiny

__all__ = ["make_model", "tiny"]
