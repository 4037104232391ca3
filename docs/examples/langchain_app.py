"""A small LangChain app over the sample corpus, traced with OpenTelemetry. It needs no model and no internet.

    pip install langchain-core openinference-instrumentation-langchain opentelemetry-exporter-otlp-proto-http
    python docs/examples/langchain_app.py "When may a customer ask for the full price back?"

Its traces go to OTEL_EXPORTER_OTLP_ENDPOINT. Nothing here knows Second Pass.
"""

from __future__ import annotations

import sys
from pathlib import Path

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnablePassthrough
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

CORPUS = Path(__file__).parents[2] / "sample_corpus" / "documents"


def words(text: str) -> set[str]:
    """The words of a text, without short ones and plural endings."""
    return {word.strip(".,:;?!*#`").casefold().removesuffix("s") for word in text.split() if len(word) > 3}


class WordSearch(BaseRetriever):
    """Finds the paragraphs that share most words with the question; a rare word counts more."""

    paragraphs: list[Document]
    k: int = 20

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002
        known = [words(one.page_content) for one in self.paragraphs]
        rarity = {word: 1 / (1 + sum(word in one for one in known)) for word in words(query)}
        order = sorted(range(len(known)), key=lambda at: -sum(rarity[word] for word in rarity.keys() & known[at]))
        return [self.paragraphs[at] for at in order[: self.k]]


class Shortened(BaseRetriever):
    """Orders the paragraphs of another retriever by how many words they share with the question, keeps the first."""

    search: BaseRetriever
    top: int = 4

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found, asked = self.search.invoke(query, config={"callbacks": run_manager.get_child()}), words(query)
        return sorted(found, key=lambda one: -len(asked & words(one.page_content)))[: self.top]


def paragraphs() -> list[Document]:
    """The paragraphs of the sample corpus."""
    return [
        Document(page_content=text.strip(), metadata={"source": path.name})
        for path in sorted(CORPUS.rglob("*.md"))
        for text in path.read_text(encoding="utf-8").split("\n\n")
        if len(words(text)) > 5
    ]


def chain() -> Runnable[str, str]:
    """Search, rerank, prompt, model, text."""
    retriever = Shortened(search=WordSearch(paragraphs=paragraphs()))
    prompt = ChatPromptTemplate.from_template("Answer from these passages:\n\n{passages}\n\nQuestion: {question}")
    model = FakeListChatModel(responses=["You will find that in the first passage."])
    together = retriever | (lambda found: "\n\n".join(one.page_content for one in found))
    return {"passages": together, "question": RunnablePassthrough()} | prompt | model | StrOutputParser()


def main(question: str) -> None:
    """Ask, and send what was traced."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    LangChainInstrumentor().instrument(tracer_provider=provider)
    print(chain().invoke(question))
    provider.shutdown()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "When may a customer ask for the full price back?")
