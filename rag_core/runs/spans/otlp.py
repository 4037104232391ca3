"""Spans of an OTLP request (`ExportTraceServiceRequest`), in JSON or protobuf.

https://opentelemetry.io/docs/specs/otlp/: in JSON, ids are hexadecimal and 64-bit numbers may be texts.
A span that cannot be read is rejected with its place and the reason; the others are taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rag_core.errors import BadInput, MissingPackage
from rag_core.runs.recorder.shapes import encodable
from rag_core.runs.spans.feedback import at_target, results
from rag_core.runs.spans.span import Span, kept_attributes, project_of
from rag_core.schema.validation import in_words

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Raw = dict[str, Any]


@dataclass(frozen=True)
class Received:
    """The spans of a request, and why each that was rejected was."""

    spans: tuple[Span, ...]
    rejected: tuple[str, ...] = ()


def spans_of_json(body: bytes | str) -> Received:
    """The spans of a JSON request. Raises BadInput where the whole cannot be read."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise BadInput("The body is not JSON.") from exc
    return spans_of_request(request)


def spans_of_request(request: object, unsaid: str = "default") -> Received:
    """The spans of a request's parsed JSON. Raises BadInput where it has no `resourceSpans`."""
    if not isinstance(request, dict) or not isinstance(request.get("resourceSpans"), list):
        raise BadInput("The body is not an OTLP trace request: it has no list “resourceSpans”.")
    return _received(_json_spans(request["resourceSpans"], unsaid))


def spans_of_protobuf(body: bytes) -> Received:
    """The spans of a protobuf request. Raises BadInput where it is not one."""
    try:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    except ImportError as exc:
        raise MissingPackage("opentelemetry", "Receiving traces") from exc
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except Exception as exc:  # protobuf's DecodeError, which has no place that is the same in all versions
        raise BadInput("The body is not an OTLP trace request in protobuf.") from exc
    return _received(_protobuf_spans(request.resource_spans))


def response(rejected: int, message: str) -> bytes:
    """The answer to a protobuf request."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    answer = ExportTraceServiceResponse()
    if rejected:
        answer.partial_success.rejected_spans = rejected
        answer.partial_success.error_message = message
    return bytes(answer.SerializeToString())


def _received(read: Iterable[Callable[[], Span]]) -> Received:
    spans: list[Span] = []
    rejected: list[str] = []
    for place, make in enumerate(read, start=1):
        try:
            spans.append(make())
        except ValidationError as exc:
            rejected.append(f"Span {place}: {in_words(exc)}.")
        except (TypeError, ValueError, AttributeError, LookupError, RecursionError) as exc:
            rejected.append(f"Span {place} has another form than OTLP's ({type(exc).__name__}).")
    return Received(tuple(spans), tuple(rejected))


def _json_spans(groups: list[Any], unsaid: str) -> Iterator[Callable[[], Span]]:
    for group in groups:
        try:
            resource = json_attributes(encodable((group.get("resource") or {}).get("attributes")))
            scopes = [span for scope in group.get("scopeSpans") or [] for span in scope.get("spans") or []]
        except (TypeError, ValueError, AttributeError, LookupError, RecursionError) as exc:
            yield _failing(exc)
            continue
        for span in scopes:
            yield lambda span=span, resource=resource: _json_span(span, resource, unsaid)  # type: ignore[misc]


def _failing(error: Exception) -> Callable[[], Span]:
    def fail() -> Span:
        raise error

    return fail


def _json_span(span: Raw, resource: Raw, unsaid: str) -> Span:
    attributes = kept_attributes(json_attributes(span.get("attributes")).items())
    status, occurred = encodable(span.get("status") or {}), encodable(span.get("events") or [])
    failed = status.get("code") in (2, "STATUS_CODE_ERROR")
    events = [(str(one.get("name")), json_attributes(one.get("attributes"))) for one in occurred]
    links = [(str(one.get("traceId")).lower(), str(one.get("spanId")).lower()) for one in span.get("links") or []]
    read = Span(
        trace_id=str(span.get("traceId") or "").lower(),
        span_id=str(span.get("spanId") or "").lower(),
        parent_id=str(span.get("parentSpanId") or "").lower(),
        name=encodable(str(span.get("name") or ""))[:2000],
        started_ns=int(span.get("startTimeUnixNano") or 0),
        ended_ns=int(span.get("endTimeUnixNano") or 0),
        project=project_of(resource, attributes, unsaid),
        attributes=attributes | results(events),
        error=_error(str(status.get("message") or ""), events) if failed else None,
    )
    return at_target(read, links)


def json_attributes(given: Any) -> Raw:
    """The plain values of OTLP's list of attributes, by their keys."""
    return {str(one["key"]): _json_value(one.get("value")) for one in given or []}


def _json_value(value: Any) -> Any:
    """The plain value of an AnyValue."""
    if not isinstance(value, dict) or not value:
        return None
    (kind, inner), *_ = value.items()
    return JSON_VALUES[kind](inner) if kind in JSON_VALUES else None


JSON_VALUES: dict[str, Callable[[Any], Any]] = {
    "stringValue": str,
    "boolValue": bool,
    "intValue": int,
    "doubleValue": float,
    "bytesValue": str,
    "arrayValue": lambda inner: [_json_value(one) for one in inner.get("values") or []],
    "kvlistValue": lambda inner: json_attributes(inner.get("values")),
}


def _protobuf_spans(groups: Iterable[Any]) -> Iterator[Callable[[], Span]]:
    for group in groups:
        resource = _attributes(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield lambda span=span, resource=resource: _protobuf_span(span, resource)  # type: ignore[misc]


def _protobuf_span(span: Any, resource: Raw) -> Span:
    attributes = kept_attributes(_attributes(span.attributes).items())
    failed = span.status.code == span.status.STATUS_CODE_ERROR
    events = [(one.name, _attributes(one.attributes)) for one in span.events]
    read = Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        name=span.name[:2000],
        started_ns=span.start_time_unix_nano,
        ended_ns=span.end_time_unix_nano,
        project=project_of(resource, attributes),
        attributes=attributes | results(events),
        error=_error(span.status.message, events) if failed else None,
    )
    return at_target(read, [(one.trace_id.hex(), one.span_id.hex()) for one in span.links])


def _attributes(given: Iterable[KeyValue]) -> Raw:
    return {one.key: _value(one.value) for one in given}


def _value(value: AnyValue) -> Any:
    """The plain value of an AnyValue."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    if kind == "bytes_value":
        return value.bytes_value.hex()
    return getattr(value, kind) if kind else None


def _error(message: str, events: list[tuple[str, Raw]]) -> str:
    """What went wrong: the status, else the exception that was recorded."""
    said = [str(fields["exception.message"]) for _, fields in events if fields.get("exception.message")]
    return (message or next(iter(said), "") or "It failed.")[:1000]
