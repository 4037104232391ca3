"""Small exports of each producer: spans of Phoenix, observations of Langfuse, rows of a table."""

from __future__ import annotations

from tests.runs.spans.traces import TRACE

DOCUMENTS = [
    {"document.content": "Thirty days.", "document.score": 0.9, "document.id": "a"},
    {"document.content": "We ship.", "document.score": 0.4, "document.metadata": {"source": "b.md"}},
]
PHOENIX = [
    {"context.trace_id": TRACE, "context.span_id": "00000000000000a1", "parent_id": None, "name": "query",
     "span_kind": "CHAIN", "start_time": "2026-11-28T09:30:00.000000+00:00", "end_time": "2026-11-28T09:30:02+00:00",
     "status_code": "OK", "status_message": "", "attributes.input.value": "How long?",
     "attributes.output.value": "Thirty days.", "attributes.retrieval.documents": None},
    {"context.trace_id": TRACE, "context.span_id": "00000000000000a2", "parent_id": "00000000000000a1",
     "name": "retrieve", "span_kind": "RETRIEVER", "start_time": "2026-11-28T09:30:00.100000+00:00",
     "end_time": "2026-11-28T09:30:00.150000+00:00", "status_code": "OK", "status_message": "",
     "attributes.input.value": "How long?", "attributes.output.value": None,
     "attributes.retrieval.documents": DOCUMENTS},
]  # fmt: skip
PASSAGES = [{"page_content": "Thirty days.", "metadata": {"source": "a.md"}},
            {"page_content": "We ship.", "metadata": {"source": "b.md"}}]  # fmt: skip
LANGFUSE = [
    {"id": "o1", "traceId": "t-1", "type": "CHAIN", "name": "ask", "startTime": "2026-11-28T09:30:00Z",
     "endTime": "2026-11-28T09:30:02Z", "input": {"question": "How long?"}, "output": {"answer": "Thirty days."}},
    {"id": "o2", "traceId": "t-1", "parentObservationId": "o1", "type": "RETRIEVER", "name": "vectors",
     "startTime": "2026-11-28T09:30:00.100Z", "endTime": "2026-11-28T09:30:00.150Z", "input": "How long?",
     "output": PASSAGES},
    {"id": "o3", "traceId": "t-1", "parentObservationId": "o1", "type": "SPAN", "name": "rerank", "model": "cohere",
     "startTime": "2026-11-28T09:30:00.200Z", "endTime": "2026-11-28T09:30:00.300Z",
     "input": {"query": "How long?", "documents": PASSAGES},
     "output": [PASSAGES[1] | {"score": 0.8}, PASSAGES[0] | {"score": 0.1}]},
    {"id": "o4", "traceId": "t-1", "parentObservationId": "o1", "type": "GENERATION", "name": "llm", "model": "gpt",
     "startTime": "2026-11-28T09:30:00.400Z", "endTime": "2026-11-28T09:30:01Z",
     "input": [{"role": "user", "content": "Use: Thirty days. We ship."}], "output": {"content": "Thirty days."}},
]  # fmt: skip
TABLE = [
    {"question": "How long?", "list": "dense", "doc_id": 7, "text": "Thirty days.", "score": 0.9, "kept": "yes"},
    {"question": "How long?", "list": "dense", "doc_id": 8, "text": "We ship.", "score": 0.4, "kept": "no"},
    {"question": "How long?", "list": "reranked", "doc_id": 8, "text": "We ship.", "score": 3.5, "kept": ""},
    {"question": "Where?", "list": "dense", "doc_id": 8, "text": "We ship.", "score": None, "kept": None},
]
