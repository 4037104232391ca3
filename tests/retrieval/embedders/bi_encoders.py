"""A bi-encoder of each architecture with random weights, saved by sentence-transformers as real ones are.

folder = build("xlm-roberta", tmp_path)      tiny: see `tests.rerank.architectures`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.rerank.architectures import ARCHITECTURES, LIMIT, Architecture, save

PROMPTS = {"query": "how long is ", "document": "shipping "}


def build(
    name: str, folder: Path, pooling: str = "mean", dense: int = 0, prompts: dict[str, str] | None = None
) -> Path:
    """Save that architecture's tiny model into `folder`/name."""
    return save_bi_encoder(ARCHITECTURES[name], LIMIT, folder / name, pooling, dense, prompts)


def save_bi_encoder(
    made: Architecture,
    limit: int,
    folder: Path,
    pooling: str = "mean",
    dense: int = 0,
    prompts: dict[str, str] | None = None,
) -> Path:
    """Save a model that reads `limit` tokens. `dense`: the outputs of a layer behind the pooling; 0: none."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules.dense import Dense
    from sentence_transformers.base.modules.normalize import Normalize
    from sentence_transformers.base.modules.transformer import Transformer
    from sentence_transformers.sentence_transformer.modules.pooling import Pooling

    inner = Transformer(str(save(made, limit, folder / "transformers", "AutoModel")), max_seq_length=limit)
    modules: list[Any] = [inner, Pooling(inner.get_embedding_dimension(), pooling_mode=pooling)]
    if dense:
        modules.append(Dense(inner.get_embedding_dimension(), dense))
    whole = SentenceTransformer(modules=[*modules, Normalize()], prompts=prompts, device="cpu")
    whole.save(str(folder / "model"))
    return folder / "model"
