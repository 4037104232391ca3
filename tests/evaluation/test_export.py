"""What is written for other tools is read back."""

from __future__ import annotations

from rag_core.evaluation.beir import read_queries
from rag_core.evaluation.export import queries_jsonl
from rag_core.evaluation.files import Faults, File


def test_queries_are_written_as_they_are_read():
    texts = ["Wie lange “dauert” es?", "two\nlines"]
    faults = Faults("queries.jsonl")
    read = read_queries(File.uploaded("queries.jsonl", queries_jsonl(texts).encode()), faults)
    assert [one.text for one in read] == texts and not faults.faults
    assert len({one.id for one in read}) == 2 and queries_jsonl([]) == ""
