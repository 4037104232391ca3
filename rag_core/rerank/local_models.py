"""Local models of the hub that the Rerankers page lists, as data. Any other can be named by its key.

Sizes, licences, languages and context lengths are those of the model cards.
"""

from __future__ import annotations

from rag_core.rerank.entry import Entry, Requirement
from rag_core.schema.spaces import ScoreSpace

CROSS_ENCODER, COLBERT = "cross-encoder:", "colbert:"
"""What the keys of these kinds begin with."""

BYTES_A_PARAMETER = 4
"""Of weights in fp32, the widest that models are published in."""

ENGLISH, MANY = "English", "100 and more"
APACHE, NON_COMMERCIAL = "Apache-2.0", "CC-BY-NC-4.0"


def _local(
    prefix: str,
    name: str,
    maker: str,
    licence: str,
    millions: float,
    languages: str,
    context: int,
    needs: Requirement = "download",
    note: str = "",
) -> Entry:
    kind, space = {
        CROSS_ENCODER: ("cross-encoder", ScoreSpace.LOGIT),
        COLBERT: ("ColBERT", ScoreSpace.MAXSIM),
    }[prefix]
    return Entry(
        key=f"{prefix}{name}",
        label=name.partition("/")[2],
        kind=kind,
        model=name,
        maker=maker,
        licence=licence,
        size=f"{millions:g}M parameters" if millions < 500 else f"{millions / 1000:g}B parameters",
        download_mb=round(millions * BYTES_A_PARAMETER) if needs in ("download", "code") else None,
        languages=languages,
        context=context,
        space=space,
        needs=needs,
        note=note,
    )


_ST, _BAAI, _MXBAI, _JINA = "sentence-transformers", "BAAI", "Mixedbread", "Jina AI"
_SHORTER = "Takes 8,192 tokens; its makers fine-tuned it with 1,024 and advise that."
_LONGER = "Reads 300 tokens of a passage unless its configuration says more."
_LISTWISE = "Listwise: a score depends on the other passages, so scores from different pools are not comparable."

CROSS_ENCODERS = (
    _local(CROSS_ENCODER, "cross-encoder/ms-marco-TinyBERT-L2-v2", _ST, APACHE, 4.4, ENGLISH, 512),
    _local(CROSS_ENCODER, "cross-encoder/ms-marco-MiniLM-L6-v2", _ST, APACHE, 23, ENGLISH, 512),
    _local(CROSS_ENCODER, "cross-encoder/ms-marco-MiniLM-L12-v2", _ST, APACHE, 33, ENGLISH, 512),
    _local(CROSS_ENCODER, "BAAI/bge-reranker-base", _BAAI, "MIT", 278, "English, Chinese", 512),
    _local(CROSS_ENCODER, "BAAI/bge-reranker-large", _BAAI, "MIT", 560, "English, Chinese", 512),
    _local(CROSS_ENCODER, "BAAI/bge-reranker-v2-m3", _BAAI, APACHE, 568, "multilingual", 8192, note=_SHORTER),
    _local(CROSS_ENCODER, "mixedbread-ai/mxbai-rerank-xsmall-v1", _MXBAI, APACHE, 71, ENGLISH, 512),
    _local(CROSS_ENCODER, "mixedbread-ai/mxbai-rerank-base-v1", _MXBAI, APACHE, 184, ENGLISH, 512),
    _local(CROSS_ENCODER, "mixedbread-ai/mxbai-rerank-large-v1", _MXBAI, APACHE, 435, ENGLISH, 512),
    _local(CROSS_ENCODER, "mixedbread-ai/mxbai-rerank-base-v2", _MXBAI, APACHE, 500, MANY, 8192, "serving"),
    _local(CROSS_ENCODER, "mixedbread-ai/mxbai-rerank-large-v2", _MXBAI, APACHE, 1500, MANY, 8192, "serving"),
    _local(CROSS_ENCODER, "jinaai/jina-reranker-v1-tiny-en", _JINA, APACHE, 33, ENGLISH, 8192, "code"),
    _local(CROSS_ENCODER, "jinaai/jina-reranker-v1-turbo-en", _JINA, APACHE, 37.8, ENGLISH, 8192, "code"),
    _local(CROSS_ENCODER, "jinaai/jina-reranker-v2-base-multilingual", _JINA, NON_COMMERCIAL, 278, MANY, 1024, "code"),
    _local(CROSS_ENCODER, "jinaai/jina-reranker-m0", _JINA, NON_COMMERCIAL, 2400, "29", 10240, "serving"),
    _local(CROSS_ENCODER, "jinaai/jina-reranker-v3", _JINA, NON_COMMERCIAL, 600, "93", 131_072, "serving", _LISTWISE),
)
COLBERTS = (
    _local(COLBERT, "answerdotai/answerai-colbert-small-v1", "Answer.AI", APACHE, 33, ENGLISH, 512),
    _local(COLBERT, "lightonai/GTE-ModernColBERT-v1", "LightOn", APACHE, 149, ENGLISH, 300, note=_LONGER),
    _local(COLBERT, "colbert-ir/colbertv2.0", "Stanford", "MIT", 110, ENGLISH, 512),
)
