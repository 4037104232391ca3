"""The attribute names are OpenInference's."""

from __future__ import annotations

from openinference.semconv.resource import ResourceAttributes
from openinference.semconv.trace import (
    DocumentAttributes,
    MessageAttributes,
    OpenInferenceSpanKindValues,
    RerankerAttributes,
    SpanAttributes,
)

from rag_core.runs.spans import names


def test_they_are_those_of_the_package():
    ours = {
        names.KIND: SpanAttributes.OPENINFERENCE_SPAN_KIND,
        names.PROJECT: ResourceAttributes.PROJECT_NAME,
        names.INPUT: SpanAttributes.INPUT_VALUE,
        names.OUTPUT: SpanAttributes.OUTPUT_VALUE,
        names.RETRIEVED: SpanAttributes.RETRIEVAL_DOCUMENTS,
        names.RERANK_INPUT: RerankerAttributes.RERANKER_INPUT_DOCUMENTS,
        names.RERANK_OUTPUT: RerankerAttributes.RERANKER_OUTPUT_DOCUMENTS,
        names.RERANK_QUERY: RerankerAttributes.RERANKER_QUERY,
        names.RERANK_MODEL: RerankerAttributes.RERANKER_MODEL_NAME,
        names.EMBEDDING_MODEL: SpanAttributes.EMBEDDING_MODEL_NAME,
        names.LLM_MODEL: SpanAttributes.LLM_MODEL_NAME,
        names.LLM_INPUT: SpanAttributes.LLM_INPUT_MESSAGES,
        names.LLM_OUTPUT: SpanAttributes.LLM_OUTPUT_MESSAGES,
        names.SESSION: SpanAttributes.SESSION_ID,
        names.USER: SpanAttributes.USER_ID,
        names.METADATA: SpanAttributes.METADATA,
        names.TAGS: SpanAttributes.TAG_TAGS,
        names.ANNOTATIONS: SpanAttributes.ANNOTATIONS,
        names.EVALUATIONS: SpanAttributes.EVALUATIONS,
        names.TRACE_ANNOTATIONS: SpanAttributes.TRACE_ANNOTATIONS,
        names.TRACE_EVALUATIONS: SpanAttributes.TRACE_EVALUATIONS,
        names.DOCUMENT_ID: DocumentAttributes.DOCUMENT_ID,
        names.DOCUMENT_TEXT: DocumentAttributes.DOCUMENT_CONTENT,
        names.DOCUMENT_SCORE: DocumentAttributes.DOCUMENT_SCORE,
        names.DOCUMENT_METADATA: DocumentAttributes.DOCUMENT_METADATA,
        names.MESSAGE_TEXT: MessageAttributes.MESSAGE_CONTENT,
        names.MESSAGE_PARTS: MessageAttributes.MESSAGE_CONTENTS,
    }
    assert list(ours) == list(ours.values())
    assert {kind.value for kind in names.SpanKind} <= {kind.value for kind in OpenInferenceSpanKindValues}
