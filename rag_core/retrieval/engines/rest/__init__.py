"""Indexes that are asked over HTTP: one client, one way from JSON to passages, one fold over a filter's tree."""
