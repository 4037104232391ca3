"""A small LlamaIndex app over the sample corpus, traced with OpenTelemetry. It needs no model and no internet.

    pip install llama-index-core openinference-instrumentation-llama-index opentelemetry-exporter-otlp-proto-http
    python docs/examples/llama_index_app.py "When may a customer ask for the full price back?"

Its traces go to OTEL_EXPORTER_OTLP_ENDPOINT. Nothing here knows Second Pass.
"""

from __future__ import annotations

import sys
from pathlib import Path

from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
from llama_index.core.llms import MockLLM
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from openinference.instrumentation.llama_index import LlamaIndexInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

DISPATCHER = get_dispatcher(__name__)
CORPUS = Path(__file__).parents[2] / "sample_corpus" / "documents"


def words(text: str) -> set[str]:
    """The words of a text, without short ones and plural endings."""
    return {word.strip(".,:;?!*#`").casefold().removesuffix("s") for word in text.split() if len(word) > 3}


class WordSearch(BaseRetriever):
    """Finds the paragraphs that share most words with the question; a rare word counts more."""

    def __init__(self, nodes: list[TextNode], k: int = 20) -> None:
        super().__init__()
        self._nodes, self._k = nodes, k

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        known = [words(node.text) for node in self._nodes]
        rarity = {word: 1 / (1 + sum(word in one for one in known)) for word in words(query_bundle.query_str)}
        scores = [sum(rarity[word] for word in rarity.keys() & one) for one in known]
        found = [NodeWithScore(node=node, score=score) for node, score in zip(self._nodes, scores, strict=True)]
        return sorted(found, key=lambda one: -(one.score or 0))[: self._k]


class WordReranker(BaseNodePostprocessor):
    """Orders paragraphs by how many words they share with the question, and says so as LlamaIndex's rerankers do."""

    top_n: int = 4

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        model = "word-overlap"
        DISPATCHER.event(ReRankStartEvent(query=query_bundle, nodes=nodes, top_n=self.top_n, model_name=model))
        asked = words(query_bundle.query_str if query_bundle else "")
        scored = [NodeWithScore(node=one.node, score=float(len(asked & words(one.text)))) for one in nodes]
        kept = sorted(scored, key=lambda one: -(one.score or 0))[: self.top_n]
        DISPATCHER.event(ReRankEndEvent(nodes=kept))
        return kept


def nodes() -> list[TextNode]:
    """The paragraphs of the sample corpus."""
    return [
        TextNode(text=text.strip(), id_=f"{path.stem}-{number}", metadata={"source": path.name})
        for path in sorted(CORPUS.rglob("*.md"))
        for number, text in enumerate(path.read_text(encoding="utf-8").split("\n\n"))
        if len(words(text)) > 5
    ]


def main(question: str) -> None:
    """Ask, and send what was traced."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    LlamaIndexInstrumentor().instrument(tracer_provider=provider)
    engine = RetrieverQueryEngine.from_args(
        WordSearch(nodes()), llm=MockLLM(max_tokens=20), node_postprocessors=[WordReranker()]
    )
    print(engine.query(question))
    provider.shutdown()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "When may a customer ask for the full price back?")
