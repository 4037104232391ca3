"""A retriever that is asked live: an HTTP endpoint or a Python function. What it returns becomes a recorded run.

    retriever = LiveRetriever("Support search", RetrieverConfig(url="http://localhost:8000"))
    run = retriever.ask("How long do refunds take?", top_k=20)

config       which retriever, and how it is asked: the value that a form, a file or the command line makes
presets      the request and the fields of known APIs
endpoint     one HTTP endpoint in full; template fills its request
request      the one request, every status looked at
field_paths  where in an answer something is; answers reads the results
function     `module:function`
retriever    asks, and makes the run
many         asks many questions, each once
named        the retrievers that the environment offers to everyone
"""

from rag_core.runs.live.config import RetrieverConfig, config_of
from rag_core.runs.live.endpoint import FieldMap
from rag_core.runs.live.many import ask_many
from rag_core.runs.live.named import named_retrievers
from rag_core.runs.live.retriever import LiveRetriever

__all__ = ["FieldMap", "LiveRetriever", "RetrieverConfig", "ask_many", "config_of", "named_retrievers"]
