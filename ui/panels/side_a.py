"""Side A of a comparison: its settings, chosen on the page. Side B is the sidebar's policy."""

from __future__ import annotations

import streamlit as st

from rag_core.rerank.catalogue import NONE, entry_of
from rag_core.schema.policy import FirstPass, Policy, Signals
from rag_core.wording.numbers import threshold_text
from ui.sidebar import access, link_values
from ui.sidebar.state import threshold_for


def policy(b: Policy) -> Policy:
    """Side A, chosen here, by its reranker's own scores; side B is the sidebar's policy. Depth and fusion are shared,
    and both read the same candidates: where A has not B's first pass, its reranker reads all that this reads."""
    offered = access.usable()
    keys, labels = list(offered), access.labels(offered)
    default = NONE if b.reranker != NONE else keys[0]
    with st.container(border=True):
        reranker_box, threshold_box, top_k_box, switches = st.columns([3, 3, 2, 2], vertical_alignment="center")
    link_values.choice("ra", "A: reranker", list(labels.values()), by_page=True, why=access.not_usable)
    key = reranker_box.selectbox(
        "A: reranker",
        keys,
        index=keys.index(default),
        format_func=lambda name: labels[name],
        key="ra",
        bind="query-params",
        help="Side A. Side B uses the settings in the sidebar. Both rerank the same candidates.",
    )
    link_values.number("ka", "A: top-k", 1, 20, by_page=True)
    top_k = top_k_box.slider("A: top-k", 1, 20, b.top_k, key="ka", bind="query-params")
    link_values.switch("siga", "A: signals", by_page=True)
    on = switches.toggle("A: signals", b.signals.on, key="siga", bind="query-params")
    first_pass = _other_first_pass(switches, b, key)
    threshold = threshold_for(offered[key], "A: threshold", "ta", box=threshold_box)
    link_values.show("ra", "ka", "siga", "fpa", f"ta_{threshold.space}")
    return b.with_(
        reranker=key,
        first_pass=first_pass,
        pool=b.pool if first_pass else b.reads,
        top_k=top_k,
        threshold=threshold,
        calibration=None,
        signals=b.signals.with_(on=on) if on else Signals(),
    )


def _other_first_pass(box: st.delta_generator.DeltaGenerator, policy: Policy, reranker: str) -> FirstPass | None:
    """The sidebar's first pass where side A has it too, as it has unless it is switched off or would be A's reranker
    itself; asked only where there is one."""
    if policy.first_pass is None:
        return None
    told = f"Off: A's reranker reads all {policy.first_pass.pool} candidates that B's first pass reads."
    if reranker in (NONE, policy.first_pass.reranker):
        box.toggle("A: first pass", key="fpa_off", disabled=True, help=told)
        return None
    link_values.switch("fpa", "A: first pass", by_page=True)
    on = box.toggle("A: first pass", True, key="fpa", bind="query-params", help=told)
    return policy.first_pass if on else None


def names(a: Policy, b: Policy) -> tuple[str, str]:
    """What tells the two apart, short: the rerankers, and where those are the same whatever else differs."""
    named = _passes if a.first_pass or b.first_pass else _reranker
    labels = [named(policy) for policy in (a, b)]
    if labels[0] != labels[1]:
        return labels[0], labels[1]
    return f"{labels[0]}, {_rest(a)}", f"{labels[1]}, {_rest(b)}"


def _reranker(policy: Policy) -> str:
    return entry_of(policy.reranker).label


def _passes(policy: Policy) -> str:
    """Each pass with how many it reads: `Late interaction 100 → second-pass-minilm-v3 20`."""
    passes = [(policy.first_pass.reranker, policy.first_pass.pool)] if policy.first_pass else []
    passes.append((policy.reranker, policy.pool))
    return " → ".join(f"{entry_of(key).label.split(' (')[0]} {reads}" for key, reads in passes)


def _rest(policy: Policy) -> str:
    minimum = policy.threshold.minimum
    cut = f"threshold {threshold_text(minimum)}" if minimum else "no threshold"
    return f"{cut}, top-{policy.top_k}{', signals' if policy.signals.on else ''}"
