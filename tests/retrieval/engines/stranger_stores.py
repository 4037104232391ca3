"""Stores as LangChain's and LlamaIndex's own classes make them, run in the environment of `tests.frameworks`.

Each app is given texts and asks for their vectors, a line of JSON each way, so that the model is the one of the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.frameworks import python_of_frameworks

Vectors = list[list[float]]
STORE_S = 300

ASKS = """
import json, sys

def embed(texts):
    print(json.dumps(texts), flush=True)
    return json.loads(sys.stdin.readline())
"""

LANGCHAIN = f"""{ASKS}
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

class Model(Embeddings):
    embed_documents = staticmethod(embed)

    def embed_query(self, text):
        return embed([text])[0]

place, collections = sys.argv[1], json.loads(sys.argv[2])
documents = {{
    name: [Document(page_content=text, metadata={{"source": file, "title": title}}) for file, (title, text) in texts]
    for name, texts in collections.items()
}}
"""

PGVECTOR = f"""{LANGCHAIN}
from langchain_postgres import PGVector

for name, some in documents.items():
    PGVector(embeddings=Model(), connection=place, collection_name=name, create_extension=False).add_documents(some)
"""
"""`PGVector`: two tables, of collections and of the passages of all of them."""

PGVECTORSTORE = f"""{LANGCHAIN}
from langchain_postgres import Column, PGEngine, PGVectorStore

engine = PGEngine.from_connection_string(url=place)
for name, some in documents.items():
    engine.init_vectorstore_table(name, vector_size=384, metadata_columns=[Column("source", "TEXT")])
    store = PGVectorStore.create_sync(engine, Model(), table_name=name, metadata_columns=["source"])
    store.add_documents(some)
"""
"""`PGVectorStore`: a table for each collection, here with a column for one field of the metadata."""

LLAMA_INDEX = f"""{ASKS}
import chromadb
from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.node_parser import SentenceSplitter
from llama_index.vector_stores.chroma import ChromaVectorStore

class Model(BaseEmbedding):
    def _get_text_embedding(self, text):
        return embed([text])[0]

    def _get_text_embeddings(self, texts):
        return embed(texts)

    _get_query_embedding = _get_text_embedding

    async def _aget_query_embedding(self, text):
        return self._get_text_embedding(text)

port, name, folder = sys.argv[1:]
collection = chromadb.HttpClient(port=int(port)).create_collection(name, metadata={{"hnsw:space": "cosine"}})
splitter = SentenceSplitter(tokenizer=str.split, chunking_tokenizer_fn=lambda text: text.splitlines(keepends=True))
VectorStoreIndex.from_documents(
    SimpleDirectoryReader(folder).load_data(), embed_model=Model(), transformations=[splitter],
    storage_context=StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection)),
)
"""
"""`ChromaVectorStore`, filled as LlamaIndex's first tutorial does it: a folder that is read, split and indexed."""


def made_by(program: str, embed: Callable[[list[str]], Vectors], *arguments: str, path: Path | None = None) -> None:
    """Run one of the apps above. `path`: a folder of packages that it needs beside its environment's."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL", "PYTHON", "SECOND"))}
    more = {"PYTHONPATH": str(path)} if path else {}
    quiet: Mapping[str, str] = {"ANONYMIZED_TELEMETRY": "False", "HF_HUB_OFFLINE": "1"}
    command = [str(python_of_frameworks()), "-W", "ignore", "-c", program, *arguments]
    with subprocess.Popen(command, env=keep | more | dict(quiet), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as app:  # fmt: skip
        assert app.stdin and app.stdout and app.stderr
        for line in app.stdout:
            app.stdin.write(json.dumps(embed(json.loads(line))) + "\n")
            app.stdin.flush()
        _, said = app.communicate(timeout=STORE_S)
    assert app.returncode == 0, said
