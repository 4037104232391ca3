"""The sidebar's settings: what each is called, its default and its help; and which of them you have changed.

A changed setting has a star behind its name, and the line above Reset names it. The link holds a bound control's value
only while it differs from the default, so a link's settings are marked before they are drawn.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import TypeVar

import streamlit as st

from rag_core.schema.policy import DEFAULT_FIRST_PASS, FirstPass, Policy, Signals
from ui.sidebar import link_values

Number = TypeVar("Number", int, float)
_POLICY, _SIGNALS = Policy(), Signals()
_OTHER_FIRST_PASS = FirstPass(reranker="any other than the default")


@dataclass(frozen=True)
class Control:
    """One setting."""

    label: str
    default: bool | int | float | str
    help: str


_COSINE_ADDED = Control(
    "Cosine added in the first pass",
    DEFAULT_FIRST_PASS.dense,
    "How much the dense search's score counts beside the first pass's. 0: not at all.",
)
_LEXICAL_ADDED = Control(
    "Lexical share added in the first pass",
    DEFAULT_FIRST_PASS.lexical,
    "How much the lexical search's score (BM25 or ts_rank_cd), as a share of the best one, counts beside the first "
    "pass's. 0: not at all.",
)

CONTROLS: dict[str, Control] = {
    "r": Control(
        "Reranker",
        _POLICY.reranker,
        "The model that reads each candidate next to the question and sorts them. The Rerankers page says what each "
        "one is and what it needs.",
    ),
    "fp": Control(
        "First pass (cheap pre-filter)",
        DEFAULT_FIRST_PASS.reranker,
        "A cheap reranker reads many candidates first. Only the best go on to the reranker above. Off: that one reads "
        "the first of the fused order.",
    ),
    "fpn": Control(
        "Candidates for the first pass",
        DEFAULT_FIRST_PASS.pool,
        "How many fused candidates the first pass reads. The best of them fill the pool.",
    ),
    "fpd": _COSINE_ADDED,
    "fpl": _LEXICAL_ADDED,
    "fpod": replace(_COSINE_ADDED, default=_OTHER_FIRST_PASS.dense),
    "fpol": replace(_LEXICAL_ADDED, default=_OTHER_FIRST_PASS.lexical),
    "best": Control(
        "Candidates to rerank (pool)",
        _POLICY.pool,
        "How many of the first pass's best the reranker reads. More finds more and takes longer.",
    ),
    "pool": Control(
        "Candidates to rerank (pool)",
        Policy(first_pass=None).pool,
        "How many candidates of the fused order the reranker reads. More finds more and takes longer.",
    ),
    "depth": Control("Results per search (depth)", _POLICY.depth, "How many passages each search returns."),
    "fb": Control(
        "Fusion",
        _POLICY.fusion.by,
        "Who fuses the dense and the lexical results: Second Pass by reciprocal rank fusion, or the index in its own "
        "hybrid search, as your application may ask it. Its list is shown as it comes; its making cannot be replayed.",
    ),
    "dw": Control(
        "Dense weight",
        _POLICY.fusion.dense_weight,
        "How much the dense search (embeddings, by meaning) counts in the fusion. 0 switches it off.",
    ),
    "lw": Control(
        "Lexical weight",
        _POLICY.fusion.lexical_weight,
        "How much the lexical search (BM25, by words) counts in the fusion. 0 switches it off.",
    ),
    "rrfk": Control(
        "Fusion constant k",
        _POLICY.fusion.k,
        "The constant of reciprocal rank fusion. Small: first places count far more. Large: all places count alike.",
    ),
    "k": Control(
        "Passages kept for the answer (top-k)",
        _POLICY.top_k,
        "The answer is made from this many passages at most.",
    ),
    "sig": Control(
        "Use signals besides relevance",
        _SIGNALS.on,
        "Sorts by a weighted sum of the signals below instead of by relevance alone.",
    ),
    "w_relevance": Control("Relevance", _SIGNALS.relevance, "Weight of the reranker's score."),
    "w_search": Control(
        "Retrieval",
        _SIGNALS.search,
        "Weight of the retrieval score: the fused score as a share of the best possible one.",
    ),
    "w_freshness": Control("Freshness", _SIGNALS.freshness, "Weight of the document's date. Newer counts more."),
    "w_authority": Control(
        "Authority",
        _SIGNALS.authority,
        "Weight of the authority from 0 to 1 that a document states in its metadata. One that states none counts half.",
    ),
    "w_diversity": Control(
        "Diversity",
        _SIGNALS.diversity,
        "Weight against repetition. A passage counts less if it resembles one that ranks higher.",
    ),
    "xn": Control("Number of extra searches", 0, "Each extra search adds its results to the fusion."),
    "rw": Control("Rewrite the question", False, ""),
    "rwd": Control(
        "Results per rewritten query (depth)",
        _POLICY.rewrite.depth,
        "How many passages each rewritten query adds at most to the dense and to the lexical results.",
    ),
    "rww": Control(
        "Weight of rewritten queries",
        _POLICY.rewrite.weight,
        "Multiplies the dense and the lexical weight for the rewritten queries.",
    ),
}
"""Every setting with one default, by the key of its control."""


def marked(label: str, key: str, default: object) -> str:
    """The label, with a star where the setting differs from its default."""
    return f"{label} *" if differs(key, default) else label


def differs(key: str, default: object) -> bool:
    """True where the control has another value than its default, or the link gives it one before it is drawn."""
    if key in st.session_state:
        return bool(st.session_state[key] != default)
    return key in st.query_params and not link_values.refused(key)


def label_of(key: str) -> str:
    """What this control is called, with a star where you have changed it."""
    return marked(CONTROLS[key].label, key, CONTROLS[key].default)


def changed(threshold: tuple[str, object], undrawn: Container[str] = ()) -> list[str]:
    """The names of the changed settings, in the order of the sidebar. threshold: the key and default of its slider.
    undrawn: keys of controls that are not there now, whatever they were set to before."""
    names = [control.label for key, control in CONTROLS.items() if key not in undrawn and differs(key, control.default)]
    return [*names, *(["Threshold"] if differs(*threshold) else [])]


def slider(key: str, low: Number, high: Number, step: Number, disabled: bool = False) -> Number:
    """Draw a setting as a slider that is bound to the link."""
    control = CONTROLS[key]
    link_values.number(key, control.label, low, high)
    link_values.within(key, control.label, low, high)
    default: Number = type(low)(control.default)
    return st.slider(
        label_of(key), low, high, default, step, key=key, bind="query-params", help=control.help, disabled=disabled
    )
