"""Traces that other programs record (OpenTelemetry spans with OpenInference's attributes), and how they become runs.

span        one span, with the attributes that matter here
otlp        spans of an OTLP request, JSON or protobuf
names       OpenInference's attribute names
documents   ranked lists and texts in a span's attributes
tree        which span stands in which
steps       the ranked lists of a trace as steps
assemble    the run of a trace
"""
