"""What `evaluate` and `calibrate` refuse before anything is indexed or scored: each raises BadInput in words."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rag_core.cli.questions import is_given
from rag_core.errors import BadInput
from rag_core.evaluation.calibrating import FEWEST, grades_of
from rag_core.evaluation.sets import LabelledSet
from rag_core.rerank.catalogue import entry_of
from rag_core.rerank.requirements import missing_packages, unmet_requirement
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.wording.numbers import count_of

OF_THE_PIPELINE = (
    "collection", "index", "embedder", "reranker", "pool", "depth", "extra", "first_pass", "first_pass_weights",
    "search", "limit", "where", "top_k", "threshold", "uncalibrated",
)  # fmt: skip
"""Options that say how Second Pass itself is asked."""


def check_step(step: str | None, steps: Sequence[str]) -> None:
    """Refuse a step that the evaluation does not have."""
    if step is not None and step not in steps:
        raise BadInput(f"There is no step {step!r}; there are {', '.join(steps)}.")


def check_elsewhere(given: argparse.Namespace) -> None:
    """Refuse what rankings of another system have no use for."""
    if given.before and given.candidates:
        raise BadInput("Give either --before or --candidates.")
    for name in OF_THE_PIPELINE:
        value = getattr(given, name)
        if is_given(value) and value != []:
            flag = name.replace("_", "-")
            raise BadInput(
                f"--{flag} needs the pipeline of Second Pass; you gave rankings of another system. Leave it out."
            )


def check_folder(folder: Path | None) -> None:
    """Refuse a place to write to that is no folder, nor can be one."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), None) if folder else None
    if there and not there.is_dir():
        raise BadInput(f"--out {folder} cannot be a folder: {there} is a file. Name another one.")


def check_rerankers(policy: Policy) -> None:
    """Refuse a reranker that lacks a package, a key, an address or a permission; weights are fetched when they are
    needed."""
    for key in (policy.reranker, *([policy.first_pass.reranker] if policy.first_pass else [])):
        entry = entry_of(key)
        if (entry.needs != "download" or missing_packages(entry)) and (lacking := unmet_requirement(entry)):
            raise BadInput(f"The reranker {key} cannot be used. {lacking}")


def check_fits(policy: Policy, labelled: LabelledSet, answer_from: int) -> None:
    """Refuse questions and grades that no probability of the policy's reranker can be fitted to."""
    if policy.reranker == NO_RERANKER:
        raise BadInput("Without a reranker there are only fused ranks, and these say nothing about relevance.")
    grades = grades_of(labelled)
    if not 1 <= answer_from <= max(grades, default=0):
        known = ", ".join(map(str, grades)) or "none over 0"
        raise BadInput(f"--answer-from {answer_from} makes no passage an answer. The grades of the set are {known}.")
    if len(labelled.asked) < FEWEST:
        raise BadInput(
            f"{count_of(len(labelled.asked), 'question')} of {labelled.name} are too few to fit a probability to; "
            f"{FEWEST} are needed. Grade more questions."
        )
