"""Recorded runs under other settings: what can be replayed of a run, and the replay.

    obstacles(trace)                                     # control -> why it cannot be replayed
    scores = score_run(trace, get_reranker("late-interaction"))
    other = replay_run(trace, RunChange(reranker="late-interaction", top_k=3), scores)

Only `score_run` runs a model.
"""

from rag_core.runs.replaying.changes import RunChange
from rag_core.runs.replaying.comparison import kept_table
from rag_core.runs.replaying.obstacles import Control, Obstacle, candidates_of, obstacles
from rag_core.runs.replaying.replay_many import Replay, replay_many
from rag_core.runs.replaying.replay_run import replay_run
from rag_core.runs.replaying.score_run import RunScorer, readable, score_run

__all__ = [
    "Control",
    "Obstacle",
    "Replay",
    "RunChange",
    "RunScorer",
    "candidates_of",
    "kept_table",
    "obstacles",
    "readable",
    "replay_many",
    "replay_run",
    "score_run",
]
