"""Reranking services and servers, as data: one row per provider. `service` is the adapter over all rows.

    cohere:rerank-v4.0-fast                               a hosted model; its key comes from COHERE_API_KEY
    tei:http://localhost:8080                             your own server
    vllm:http://localhost:8000#BAAI/bge-reranker-v2-m3    your own server, and which of its models
    tei                                                   the server that TEI_URL names

Endpoints, fields and limits are those of the vendors' SDK sources and reference pages, read in October and November
2026. If no limit on passages is documented, `batch` is a cautious choice and the row says so.
"""

from __future__ import annotations

from rag_core.rerank.hosted.provider import INFO, MODELS, MODELS_AT_TOP, PROPS, Provider
from rag_core.schema.spaces import ScoreSpace

HOSTED = (
    Provider(
        name="cohere",
        label="Cohere",
        address="https://api.cohere.com",
        path="/v2/rerank",
        env="COHERE_API_KEY",
        top="top_n",
        batch=1000,  # 10,000 are taken, 1,000 advised
        errors=("message",),
        units="meta.billed_units.search_units",
    ),
    Provider(
        name="voyage",
        label="Voyage AI",
        address="https://api.voyageai.com",
        path="/v1/rerank",
        env="VOYAGE_API_KEY",
        top="top_k",
        options={"truncation": True, "return_documents": False},
        results="data",
        batch=1000,
        batch_bytes=1_000_000,  # 600,000 tokens
        errors=("detail",),
        tokens="usage.total_tokens",
    ),
    Provider(
        name="jina",
        label="Jina AI",
        address="https://api.jina.ai",
        path="/v1/rerank",
        env="JINA_API_KEY",
        top="top_n",
        options={"return_documents": False},
        batch=500,  # no limit documented
        errors=("detail", "detail.0.msg"),
        tokens="usage.total_tokens",
    ),
    Provider(
        name="mixedbread",
        label="Mixedbread",
        address="https://api.mixedbread.com",
        path="/v1/reranking",
        env="MXBAI_API_KEY",
        documents="input",
        top="top_k",
        options={"return_input": False},
        results="data",
        score="score",
        batch=1000,
        errors=("message", "detail", "detail.0.msg"),
        tokens="usage.total_tokens",
    ),
    Provider(
        name="pinecone",
        label="Pinecone",
        address="https://api.pinecone.io",
        path="/rerank",
        env="PINECONE_API_KEY",
        key_header="Api-Key",
        key_prefix="",
        headers={"X-Pinecone-API-Version": "2025-04"},
        document_field="text",
        top="top_n",
        options={"rank_fields": ["text"], "return_documents": False},
        model_options={"bge-reranker-v2-m3": {"parameters": {"truncate": "END"}}},  # else a long passage is an error
        results="data",
        score="score",
        batch=100,
        errors=("error.message", "message"),
        units="usage.rerank_units",
    ),
    Provider(
        name="zeroentropy",
        label="ZeroEntropy",
        address="https://api.zeroentropy.dev",
        path="/v1/models/rerank",
        env="ZEROENTROPY_API_KEY",
        top="top_n",
        batch=1000,  # no limit but 5,000,000 bytes, counted as query + document + 150 a document
        batch_bytes=4_500_000,
        errors=("detail", "detail.0.msg", "message"),
        tokens="total_tokens",
    ),
)

_TEI = Provider(
    name="tei",
    label="Text Embeddings Inference",
    path="/rerank",
    env="TEI_API_KEY",
    address_env="TEI_URL",
    takes_model=False,
    documents="texts",
    options={"raw_scores": True, "truncate": True},
    results="",
    score="score",
    space=ScoreSpace.LOGIT,
    batch=32,  # --max-client-batch-size
    batch_bytes=1_500_000,  # --payload-limit
    errors=("error",),
    probes=(INFO,),
)

_JINA_SHAPED = Provider(
    name="jina-shaped",
    label="Any Jina-shaped server",
    path="/v1/rerank",
    env="RERANK_API_KEY",
    address_env="RERANK_URL",
    top="top_n",
    options={"return_documents": False},
    batch=100,  # no limit known
    errors=("error.message", "message", "detail", "detail.0.msg", "error"),
    tokens="usage.total_tokens",
    probes=(MODELS, MODELS_AT_TOP, INFO, PROPS),
)

OWN_SERVERS = (
    _TEI,
    _TEI.model_copy(
        update={
            "name": "tei-sigmoid",
            "label": "Text Embeddings Inference (sigmoid)",
            "options": {"raw_scores": False, "truncate": True},
            "space": ScoreSpace.PROBABILITY,
        }
    ),
    Provider(
        name="llamacpp",
        label="llama.cpp",
        path="/v1/rerank",
        env="LLAMA_API_KEY",
        address_env="LLAMACPP_URL",
        top="top_n",
        space=ScoreSpace.LOGIT,
        batch=100,  # no limit documented
        errors=("error.message", "message"),
        tokens="usage.total_tokens",
        probes=(MODELS, PROPS),
    ),
    Provider(
        name="vllm",
        label="vLLM",
        path="/v1/rerank",
        env="VLLM_API_KEY",
        address_env="VLLM_URL",
        top="top_n",
        options={"truncate_prompt_tokens": -1},  # cut at the model's limit; otherwise a long passage is an error
        batch=256,  # no limit documented
        errors=("error.message", "message", "detail"),
        tokens="usage.total_tokens",
        probes=(MODELS,),
    ),
    Provider(
        name="infinity",
        label="Infinity",
        path="/rerank",
        env="INFINITY_API_KEY",
        address_env="INFINITY_URL",
        top="top_n",
        options={"return_documents": False, "raw_scores": True},
        space=ScoreSpace.LOGIT,
        batch=2048,
        errors=("error.message", "detail", "detail.0.msg"),
        tokens="usage.total_tokens",
        probes=(MODELS_AT_TOP,),
    ),
    Provider(
        name="cohere-shaped",
        label="Any Cohere-shaped server",
        path="/v2/rerank",
        env="RERANK_API_KEY",
        address_env="RERANK_URL",
        top="top_n",
        batch=100,  # no limit known
        errors=("message", "detail", "error.message", "error"),
        units="meta.billed_units.search_units",
        probes=(MODELS, MODELS_AT_TOP, INFO, PROPS),
    ),
    _JINA_SHAPED,
    _JINA_SHAPED.model_copy(
        update={
            "name": "jina-shaped-logits",
            "label": "Any Jina-shaped server with unbounded scores",
            "space": ScoreSpace.LOGIT,
        }
    ),
)

PROVIDERS = {provider.name: provider for provider in (*HOSTED, *OWN_SERVERS)}
"""Every provider by its name, the first part of a reranker's key."""
