"""OpenInference's names of span attributes, as far as they are read here; a test holds them to its package."""

from __future__ import annotations

from enum import StrEnum

KIND = "openinference.span.kind"
PROJECT = "openinference.project.name"
SERVICE = "service.name"
INPUT = "input.value"
OUTPUT = "output.value"
RETRIEVED = "retrieval.documents"
RERANK_INPUT = "reranker.input_documents"
RERANK_OUTPUT = "reranker.output_documents"
RERANK_QUERY = "reranker.query"
RERANK_MODEL = "reranker.model_name"
EMBEDDING_MODEL = "embedding.model_name"
LLM_MODEL = "llm.model_name"
LLM_INPUT = "llm.input_messages"
LLM_OUTPUT = "llm.output_messages"
SESSION = "session.id"
USER = "user.id"
METADATA = "metadata"
TAGS = "tag.tags"
ANNOTATIONS = "annotations"
EVALUATIONS = "evaluations"
TRACE_ANNOTATIONS = "trace.annotations"
TRACE_EVALUATIONS = "trace.evaluations"

DOCUMENT_ID = "document.id"
DOCUMENT_TEXT = "document.content"
DOCUMENT_SCORE = "document.score"
DOCUMENT_METADATA = "document.metadata"
MESSAGE_TEXT = "message.content"
MESSAGE_PARTS = "message.contents"

KEPT = (KIND, PROJECT, INPUT, OUTPUT, RETRIEVED, RERANK_INPUT, RERANK_OUTPUT, RERANK_QUERY, RERANK_MODEL,
        EMBEDDING_MODEL, LLM_MODEL, LLM_INPUT, LLM_OUTPUT, SESSION, USER, METADATA, TAGS, ANNOTATIONS, EVALUATIONS,
        TRACE_ANNOTATIONS, TRACE_EVALUATIONS)  # fmt: skip
"""Attributes that are kept, with all that stands below them. Vectors are not among them."""


class SpanKind(StrEnum):
    """OpenInference's kinds of spans that are told apart here; all others are only places in the tree."""

    RETRIEVER = "RETRIEVER"
    RERANKER = "RERANKER"
    EMBEDDING = "EMBEDDING"
    LLM = "LLM"
    CHAIN = "CHAIN"
    AGENT = "AGENT"
    EVALUATOR = "EVALUATOR"
