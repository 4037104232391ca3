"""What a small trial of a reranker gave, in words."""

from __future__ import annotations

from rag_core.rerank.trial import Trial


def trial_sentence(trial: Trial) -> str:
    """`It works: 3 passages scored in 12 ms. The right passage is first.`"""
    if trial.failure:
        return trial.failure
    by = f" by {trial.runs_on}" if trial.runs_on else ""
    loading = f", after {trial.load_ms:,.0f} ms of loading" if trial.load_ms >= 1 else ""
    order = "The right passage is first." if trial.right_first else "It does not put the right passage first."
    return f"It works: {len(trial.scores)} passages scored{by} in {trial.took_ms:,.0f} ms{loading}. {order}"
