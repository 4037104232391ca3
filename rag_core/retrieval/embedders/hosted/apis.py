"""Embedding services and servers, as data: one row each. `service` is the adapter over all rows.

    openai:text-embedding-3-small                     a hosted model; its key comes from OPENAI_API_KEY
    openai:text-embedding-3-large?dimensions=1024     shorter vectors of a Matryoshka model
    vllm:http://localhost:8000#BAAI/bge-m3            your own server, and which of its models
    ollama#nomic-embed-text                           the server that OLLAMA_URL names

Endpoints, fields and limits are those of the vendors' reference pages and SDK sources, read in November 2026. No text
is cut on the way: one that is too long for the model is an error. Where no limit on the number of texts is
documented, `batch` is a cautious choice and the row says so.
"""

from __future__ import annotations

from rag_core.rerank.hosted.provider import INFO, MODELS, MODELS_AT_TOP
from rag_core.retrieval.embedders.hosted.api import EmbeddingApi

HOSTED_APIS = (
    EmbeddingApi(
        name="openai",
        label="OpenAI",
        address="https://api.openai.com",
        path="/v1/embeddings",
        env="OPENAI_API_KEY",
        options={"encoding_format": "float"},
        batch=2048,
        batch_bytes=600_000,  # 300,000 tokens
        errors=("error.message",),
        tokens="usage.prompt_tokens",
    ),
    EmbeddingApi(
        name="cohere",
        label="Cohere",
        address="https://api.cohere.com",
        path="/v2/embed",
        env="COHERE_API_KEY",
        inputs="texts",
        role="input_type",
        roles={"query": "search_query", "passage": "search_document"},
        dimensions="output_dimension",
        options={"embedding_types": ["float"], "truncate": "NONE"},
        vectors="embeddings.float",
        vector="",
        index="",
        batch=96,
        longest=512,
        errors=("message",),
        tokens="meta.billed_units.input_tokens",
    ),
    EmbeddingApi(
        name="voyage",
        label="Voyage AI",
        address="https://api.voyageai.com",
        path="/v1/embeddings",
        env="VOYAGE_API_KEY",
        role="input_type",
        roles={"query": "query", "passage": "document"},
        dimensions="output_dimension",
        options={"truncation": False},
        batch=1000,
        batch_bytes=240_000,  # 120,000 tokens
        longest=32_000,
        errors=("detail",),
        tokens="usage.total_tokens",
    ),
    EmbeddingApi(
        name="jina",
        label="Jina AI",
        address="https://api.jina.ai",
        path="/v1/embeddings",
        env="JINA_API_KEY",
        role="task",
        roles={"query": "retrieval.query", "passage": "retrieval.passage"},
        options={"embedding_type": "float", "normalized": True, "truncate": False},
        batch=512,  # no limit documented
        errors=("detail", "detail.0.msg"),
        tokens="usage.total_tokens",
    ),
    EmbeddingApi(
        name="gemini",
        label="Gemini",
        address="https://generativelanguage.googleapis.com",
        path="/v1beta/models/{model}:batchEmbedContents",
        ends=(":batchEmbedContents",),
        env="GEMINI_API_KEY",
        key_header="x-goog-api-key",
        key_prefix="",
        inputs="requests",
        wrapped=True,
        role="taskType",
        roles={"query": "RETRIEVAL_QUERY", "passage": "RETRIEVAL_DOCUMENT"},
        dimensions="outputDimensionality",
        vectors="embeddings",
        vector="values",
        index="",
        batch=100,
        longest=2048,
        errors=("error.message",),
    ),
)

_SHAPED = EmbeddingApi(
    name="openai-shaped",
    label="Any server of OpenAI's shape",
    path="/v1/embeddings",
    env="EMBEDDINGS_API_KEY",
    address_env="EMBEDDINGS_URL",
    options={"encoding_format": "float"},
    batch=64,  # no limit known
    errors=("error.message", "message", "detail", "detail.0.msg", "error"),
    tokens="usage.prompt_tokens",
    probes=(MODELS, MODELS_AT_TOP, INFO),
)

OWN_APIS = (
    _SHAPED.model_copy(
        update={
            "name": "vllm",
            "label": "vLLM",
            "env": "VLLM_API_KEY",
            "address_env": "VLLM_URL",
            "batch": 256,  # no limit documented
            "probes": (MODELS,),
        }
    ),
    _SHAPED.model_copy(
        update={
            "name": "ollama",
            "label": "Ollama",
            "env": "OLLAMA_API_KEY",
            "address_env": "OLLAMA_URL",
            "longest": 512,
            "probes": (
                MODELS.model_copy(
                    update={
                        "path": "/api/tags",
                        "models": "models",
                        "model": "name",
                        "revision": ("digest",),
                        "tag": ":latest",
                    }
                ),
            ),
        }
    ),
    _SHAPED.model_copy(
        update={
            "name": "litellm",
            "label": "LiteLLM",
            "env": "LITELLM_API_KEY",
            "address_env": "LITELLM_URL",
            "batch": 96,  # what Cohere takes behind it
            "probes": (MODELS,),
        }
    ),
    _SHAPED.model_copy(
        update={
            "name": "tei",
            "label": "Text Embeddings Inference",
            "env": "TEI_API_KEY",
            "address_env": "TEI_URL",
            "batch": 32,  # --max-client-batch-size
            "batch_bytes": 1_500_000,  # --payload-limit
            "longest": 512,
            "probes": (INFO,),
        }
    ),
    _SHAPED.model_copy(
        update={
            "name": "azure",
            "label": "Azure OpenAI",
            "path": "/openai/v1/embeddings",
            "env": "AZURE_OPENAI_API_KEY",
            "address_env": "AZURE_OPENAI_ENDPOINT",
            "key_header": "api-key",
            "key_prefix": "",
            "batch": 2048,
            "batch_bytes": 600_000,
            "probes": (),
        }
    ),
    _SHAPED,
)

APIS = {api.name: api for api in (*HOSTED_APIS, *OWN_APIS)}
"""Every API by its name, the first part of an embedding model's key."""
