"""Every kind of reranker, a row each. To add a local kind, write its module and add a row here.

A row says how keys of the kind begin, which class makes its rerankers, and what they need. The module holds that class
(the `Reranker` protocol of `base`) with a `from_spec` method; its test inherits `tests/rerank/conformance.py`. Hosted
services and servers of your own are two kinds in all: a new one is a row of `hosted.providers`. Other packages add
kinds without touching this file (`plugins`).
"""

from __future__ import annotations

from functools import cache

from rag_core.inference import engine
from rag_core.rerank import shipped
from rag_core.rerank.entry import Entry
from rag_core.rerank.hosted import entries as served
from rag_core.rerank.hosted.addresses import in_full
from rag_core.rerank.hosted.providers import HOSTED, OWN_SERVERS
from rag_core.rerank.kinds import RerankerKind
from rag_core.rerank.llm_grader import PREFIX, WAYS, describe, keys_of
from rag_core.rerank.local_models import COLBERT, COLBERTS, CROSS_ENCODER, CROSS_ENCODERS
from rag_core.rerank.plugins import BrokenPlugin, load_plugins
from rag_core.rerank.weights import backends
from rag_core.schema.spaces import ScoreSpace

TORCH = ("torch", "transformers")


def _on_openvino(_entry: Entry) -> bool:
    return engine.installed()


def _plain_bert(entry: Entry) -> bool:
    """Whether OpenVINO runs this cross-encoder here, straight from its weights."""
    model = str(shipped.MODELS / entry.model) if entry.key == entry.model else entry.model
    return backends.resolve_backend("auto", model, "cpu") != "torch"


BUILT_IN = (
    RerankerKind(
        name="late interaction",
        factory="rag_core.rerank.late_interaction:LateInteractionReranker.from_spec",
        space=ScoreSpace.MAXSIM,
        packages=TORCH,
        independent=_on_openvino,
        entries=(shipped.MAXSIM,),
    ),
    RerankerKind(
        name="cross-encoder",
        factory="rag_core.rerank.cross_encoder:CrossEncoderReranker.from_spec",
        prefixes=(CROSS_ENCODER,),
        space=ScoreSpace.LOGIT,
        packages=(*TORCH, "sentence_transformers"),
        independent=_plain_bert,
        needs="download",
        note="A cross-encoder of your choice. Its scores are logits; whether they are calibrated is unknown.",
        entries=(*shipped.cross_encoders(), *CROSS_ENCODERS),
    ),
    RerankerKind(
        name="ColBERT",
        factory="rag_core.rerank.colbert:ColbertReranker.from_spec",
        prefixes=(COLBERT,),
        space=ScoreSpace.MAXSIM,
        packages=(*TORCH, "sentence_transformers"),
        needs="download",
        note="A ColBERT model of your choice. Compares every token of the question with every token of the passage.",
        entries=COLBERTS,
    ),
    RerankerKind(
        name="blend",
        factory="rag_core.rerank.blend:BlendReranker.from_spec",
        space=ScoreSpace.LOGIT,
        packages=TORCH,
        independent=_on_openvino,
        entries=shipped.blends(),
    ),
    RerankerKind(
        name="T5 (rerankers package)",
        factory="rag_core.rerank.t5:PackagedReranker.from_spec",
        prefixes=("rerankers:t5:",),
        space=ScoreSpace.PROBABILITY,
        packages=(*TORCH, "rerankers"),
        needs="download",
        note="Run by the rerankers package, which does not report what it cuts from a long passage.",
    ),
    RerankerKind(
        name="cross-encoder (rerankers package)",
        factory="rag_core.rerank.t5:PackagedReranker.from_spec",
        prefixes=("rerankers:cross-encoder:",),
        space=ScoreSpace.LOGIT,
        packages=(*TORCH, "rerankers"),
        needs="download",
        note="Run by the rerankers package, which does not report what it cuts from a long passage.",
    ),
    RerankerKind(
        name=served.HOSTED,
        factory="rag_core.rerank.hosted.service:HostedReranker.from_spec",
        prefixes=tuple(f"{row.name}:" for row in HOSTED),
        packages=("httpx",),
        needs="key",
        entries=served.HOSTED_MODELS,
        describe=served.describe,
    ),
    RerankerKind(
        name=served.OWN_SERVER,
        factory="rag_core.rerank.hosted.service:HostedReranker.from_spec",
        prefixes=tuple(f"{row.name}:" for row in OWN_SERVERS),
        packages=("httpx",),
        needs="address",
        entries=served.SERVERS,
        describe=served.describe,
        complete=in_full,
    ),
    RerankerKind(
        name="language model",
        factory="rag_core.rerank.llm_grader:LanguageModelReranker.from_spec",
        prefixes=tuple(f"{PREFIX}{way}:" for way in WAYS),
        space=ScoreSpace.GRADE,
        packages=("openai",),
        needs="chat",
        describe=describe,
        offered=lambda credentials: keys_of(credentials.chat),
        personal=True,
    ),
)
"""The kinds that come with the project, in the order of the Rerankers page."""


@cache
def _loaded() -> tuple[dict[str, RerankerKind], tuple[BrokenPlugin, ...]]:
    good, broken = load_plugins(BUILT_IN)
    return {kind.name: kind for kind in (*BUILT_IN, *good)}, tuple(broken)


def kinds() -> dict[str, RerankerKind]:
    """Every kind by its name, those of plug-ins last."""
    return _loaded()[0]


def broken_plugins() -> tuple[BrokenPlugin, ...]:
    """The plug-ins that are installed and cannot be used."""
    return _loaded()[1]


def reload_plugins() -> None:
    """Look for plug-ins again, for one that was installed while this process runs."""
    _loaded.cache_clear()


def kind_named(name: str) -> RerankerKind | None:
    """The kind of that name; None for `none`, which is no reranker, and for names nobody knows."""
    return kinds().get(name)


def kind_of(key: str) -> RerankerKind | None:
    """The kind whose prefix the key has; None if there is none."""
    return next((kind for kind in kinds().values() if key.startswith(kind.prefixes)), None)


def listed_entries() -> dict[str, Entry]:
    """The rerankers that the kinds list by name, by key."""
    return {entry.key: entry for kind in kinds().values() for entry in kind.entries}
