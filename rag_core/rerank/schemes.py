"""Keys with a colon: what `cross-encoder:<name>`, `tei:<address>` and the like name, as entries of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rag_core.errors import BadInput
from rag_core.rerank.entry import Entry
from rag_core.rerank.hosted.providers import PROVIDERS
from rag_core.rerank.known import COLBERT, CROSS_ENCODER, PACKAGED
from rag_core.rerank.llm_grader import PREFIX as LANGUAGE_MODEL
from rag_core.rerank.llm_grader import WAYS
from rag_core.rerank.t5 import SPACES
from rag_core.schema.spaces import ScoreSpace


def _any_cross_encoder(key: str) -> Entry:
    name = key.removeprefix(CROSS_ENCODER)
    return Entry(
        key=key,
        label=Path(name).name,
        kind="cross-encoder",
        model=name,
        space=ScoreSpace.LOGIT,
        needs="download",
        note="A cross-encoder of your choice. Its scores are logits; whether they are calibrated is not known.",
    )


def _any_colbert(key: str) -> Entry:
    name = key.removeprefix(COLBERT)
    return Entry(
        key=key,
        label=Path(name).name,
        kind="ColBERT",
        model=name,
        space=ScoreSpace.MAXSIM,
        needs="download",
        note="A ColBERT model of your choice: compares every token of the question with every token of the passage.",
    )


def _any_packaged(key: str) -> Entry:
    kind, _, name = key.removeprefix(PACKAGED).partition(":")
    if kind not in SPACES or not name:
        raise BadInput(f"Say which kind and model: {PACKAGED}<kind>:<model>. Kinds are: {', '.join(SPACES)}.")
    return Entry(
        key=key,
        label=Path(name).name,
        kind="rerankers package",
        model=name,
        space=SPACES[kind],
        needs="download",
        note="Run by the optional rerankers package. What it cuts of a long passage is not reported.",
    )


def _any_served(key: str) -> Entry:
    name, _, rest = key.partition(":")
    row = PROVIDERS[name]
    return Entry(
        key=key,
        label=f"{row.label} {rest}",
        kind="hosted" if row.hosted else "own server",
        model=rest if row.hosted else rest.partition("#")[2],
        maker=row.label if row.hosted else "",
        space=row.space,
        needs="key" if row.hosted else "address",
        note=f"Question and passages are sent to {row.label if row.hosted else rest.partition('#')[0]}.",
    )


def _any_language_model(key: str) -> Entry:
    way, _, name = key.removeprefix(LANGUAGE_MODEL).partition(":")
    if way not in WAYS:
        raise BadInput(f"Say how a language model is to rerank: {', '.join(LANGUAGE_MODEL + one for one in WAYS)}.")
    each = "passage by passage" if WAYS[way] == 1 else f"{WAYS[way]} passages at a time"
    return Entry(
        key=key,
        label=f"{name.partition('@')[0] or 'Language model'}, {each}",
        kind="language model",
        model=name.partition("@")[0],
        space=ScoreSpace.GRADE,
        needs="chat",
        note="The chat model grades every passage from 0 to 10: slow, and paid by the token where the model is.",
    )


SCHEMES: dict[str, Callable[[str], Entry]] = {
    CROSS_ENCODER.removesuffix(":"): _any_cross_encoder,
    COLBERT.removesuffix(":"): _any_colbert,
    PACKAGED.removesuffix(":"): _any_packaged,
    LANGUAGE_MODEL.removesuffix(":"): _any_language_model,
    **dict.fromkeys(PROVIDERS, _any_served),
}
"""What the part of a key before its colon may be."""
