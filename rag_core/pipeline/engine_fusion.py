"""The fusion that an engine makes itself, where the policy asks for it: one list, whose making nobody sees.

Dense and lexical search are measured beside it, and stand in the trace as the searches that they are; the fused list
reads neither. So weights and the constant of fusion change nothing in it, and its note says that.
"""

from __future__ import annotations

import time

import numpy as np

from rag_core.errors import BadInput, UnmeasuredFusion
from rag_core.pipeline.step_warnings import ENGINE_FUSION
from rag_core.retrieval.engines.protocol import Engine, HybridSearch
from rag_core.schema.measurement import Measurement, RankedList
from rag_core.schema.policy import FULL_DEPTH, Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit, Step, StepKind, StepName, StepWarning, Timing
from rag_core.wording import step_warnings as words


def lacks_fusion(measurement: Measurement, policy: Policy) -> bool:
    """Whether the policy asks for the engine's fusion and nobody has asked the engine yet."""
    return policy.fused_by_engine and measurement.hybrid is None


def asked_engine(engine: Engine, measurement: Measurement) -> RankedList:
    """The engine's own fusion of the question, to full depth. Raises BadInput where it has none."""
    if not isinstance(engine, HybridSearch):
        raise BadInput(words.no_engine_fusion(measurement.collection.name))
    vector = np.array(measurement.vectors[measurement.query], dtype=np.float32)
    begin = time.perf_counter()
    found = engine.hybrid(measurement.query, vector, FULL_DEPTH, measurement.where)
    took_ms = (time.perf_counter() - begin) * 1000
    if found.unavailable:
        raise BadInput(found.unavailable)
    return RankedList(
        found=tuple(found.hits),
        timing=Timing(started_ms=measurement.embed.ended_ms, took_ms=took_ms),
        terms=found.terms,
        space=found.space or ScoreSpace.UNKNOWN,
    )


def engine_list(measurement: Measurement) -> RankedList:
    """What the engine fused. Raises UnmeasuredFusion where it was not asked yet."""
    if measurement.hybrid is None:
        raise UnmeasuredFusion
    return measurement.hybrid


def engine_order(measurement: Measurement, policy: Policy) -> tuple[str, ...]:
    """The passage ids of the engine's list, cut to the policy's depth."""
    return tuple(one for one, _ in engine_list(measurement).found[: policy.depth])


def engine_step(measurement: Measurement, policy: Policy, timing: Timing) -> Step:
    """The fused step as the engine gave it: it reads no step of this run."""
    listed = engine_list(measurement)
    found = listed.found[: policy.depth]
    return Step(
        name=StepName.FUSED,
        kind=StepKind.FUSION,
        space=listed.space or ScoreSpace.UNKNOWN,
        hits=tuple(Hit(passage_id=one, rank=rank, score=score) for rank, (one, score) in enumerate(found, start=1)),
        hits_in=measurement.collection.passages,
        timing=timing,
        warnings=(StepWarning(code=ENGINE_FUSION, message=words.engine_fused(measurement.collection.name)),),
    )
