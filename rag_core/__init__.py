"""Second Pass: what happens to a question between a search box and an answer.

    import rag_core

    collection = rag_core.index("sample_corpus/documents")
    trace = rag_core.Pipeline(collection).run("How do I reset two-factor authentication?", top_k=5)
    trace.kept[0].text, trace.kept[0].ranks
    trace.answer().text

The names below are the public ones, and the only ones promised to stay. The package never imports streamlit or plotly.
"""

from rag_core.api import evaluate, index, open_runs, rerank
from rag_core.installation.version import __version__
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.catalogue import get_reranker
from rag_core.runs.recorder.record import record
from rag_core.schema.documents import Passage
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace

__all__ = [
    "Passage",
    "Pipeline",
    "Policy",
    "Trace",
    "__version__",
    "evaluate",
    "get_reranker",
    "index",
    "open_runs",
    "record",
    "rerank",
]
