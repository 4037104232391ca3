"""What the real instrumentations of LangChain and LlamaIndex send becomes a run.

The files of `recorded` are the bodies that docs/examples/langchain_app.py and llama_index_app.py sent, as the versions
of requirements-frameworks.txt make them. Where these can be installed, the apps run too.
"""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from rag_core.runs.run import Run
from rag_core.runs.spans.assemble import run_of_spans
from rag_core.runs.spans.otlp import spans_of_protobuf
from rag_core.runs.values import Evidence, StepKind
from tests.frameworks import run_app
from tests.runs.collector.conftest import collecting

QUESTION = "When may a customer ask for the full price back?"
STEPS = {
    "langchain": [
        ("WordSearch", StepKind.SEARCH, (), 20, Evidence.RECORDED),
        ("Shortened", StepKind.ADJUST, ("WordSearch",), 4, Evidence.RECORDED),
        ("read by the model", StepKind.SELECT, ("Shortened",), 4, Evidence.INFERRED),
    ],
    "llama_index": [
        ("WordSearch.retrieve", StepKind.SEARCH, (), 20, Evidence.RECORDED),
        ("WordReranker._postprocess_nodes", StepKind.RERANK, ("WordSearch.retrieve",), 4, Evidence.RECORDED),
        ("read by the model", StepKind.SELECT, ("WordReranker._postprocess_nodes",), 4, Evidence.INFERRED),
    ],
}
ANSWERS = {"langchain": "You will find that in the first passage.", "llama_index": " ".join(["text"] * 20)}
FRAMEWORKS = pytest.mark.parametrize("framework", STEPS)


def recorded(framework: str) -> bytes:
    return gzip.decompress((Path(__file__).parent / "recorded" / f"{framework}.pb.gz").read_bytes())


def check(run: Run | None, framework: str) -> None:
    """The run has the app's question, steps and answer, and the passage with the right answer first."""
    assert run is not None and run.query == QUESTION and run.answer == ANSWERS[framework] and run.warnings == ()
    steps = [(step.name, step.kind, step.inputs, len(step.hits), step.evidence) for step in run.steps]
    assert steps == STEPS[framework]
    first = run.passage(run.steps[1].hits[0].passage_id)
    assert first.text is not None and "**45 calendar days**" in first.text
    assert first.source == "refunds-annual-2023-draft.md"


@FRAMEWORKS
def test_what_it_sent_is_the_run_of_the_question(framework):
    received = spans_of_protobuf(recorded(framework))
    assert received.rejected == () and {span.project for span in received.spans} == {"support-bot"}
    check(run_of_spans(received.spans), framework)


@FRAMEWORKS
@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_its_spans_come_makes_no_difference(framework, seed):
    spans = list(spans_of_protobuf(recorded(framework)).spans)
    whole = run_of_spans(spans)
    random.Random(seed).shuffle(spans)
    assert run_of_spans(spans) == whole


@FRAMEWORKS
def test_llama_index_has_ids_and_scores_and_langchain_has_none(framework):
    run = run_of_spans(spans_of_protobuf(recorded(framework)).spans)
    hits = [hit for step in run.steps[:2] for hit in step.hits]
    known = framework == "llama_index"
    assert all((hit.score is not None) == known for hit in hits)
    assert all(hit.passage_id.startswith("content:") != known for hit in hits)


@pytest.mark.package
@pytest.mark.slow
@FRAMEWORKS
def test_the_app_itself_sends_the_same(framework, tmp_path):
    with collecting(tmp_path) as collector:
        port = int(collector.address.rpartition(":")[2])
        settings = "OTEL_SERVICE_NAME=bot OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"
        printed = run_app(f"{settings} python docs/examples/{framework}_app.py", port)
        (run,) = collector.runs(1, "bot")
    assert printed.strip() == ANSWERS[framework]
    check(run, framework)
