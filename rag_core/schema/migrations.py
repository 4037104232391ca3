"""Upgrade stored values of older versions: plain dicts in, plain dicts out.

Version 1 called steps stages, passages chunks, the first pass a screen, and extra searches extras.
Each function changes nothing that it is given; what a field should hold is left to validation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rag_core.schema.records import Raw

TRACE_1 = {
    "stages": "steps",
    "screening": "first_pass_summary",
    "screen_pairs": "first_pass_pairs",
    "chunks": "passages",
    "extras": "extra_searches",
    "answer": "recorded_answer",
}
POLICY_1 = {"screen": "first_pass", "extras": "extra_searches"}
HIT_1 = {"chunk_id": "passage_id"}
STEP_NAMES_1 = {"screened": "first_pass"}


def renamed(raw: Raw, names: Mapping[str, str]) -> Raw:
    """The fields in their order, those in `names` under their new name.

    >>> renamed({"a": 1, "b": 2}, {"a": "c"})
    {'c': 1, 'b': 2}
    """
    return {names.get(key, key): value for key, value in raw.items()}


def changed(raw: Raw, changes: Mapping[str, Callable[[Any], Any]]) -> Raw:
    """The fields with the values of some put through a function; None, and fields that are not there, stay so."""
    return raw | {key: change(raw[key]) for key, change in changes.items() if raw.get(key) is not None}


def each(change: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    """The same change for every item of a list."""
    return lambda items: [change(one) for one in items]


def trace_from_version_1(raw: Raw) -> Raw:
    """The fields of a trace of version 1 as version 2 has them."""
    return changed(
        renamed(raw, TRACE_1),
        {
            "policy": policy_from_version_1,
            "collection": collection_from_version_1,
            "steps": each(step_from_version_1),
            "extra_searches": each(_extra_search_from_version_1),
            "recorded_answer": _answer_from_version_1,
        },
    )


def policy_from_version_1(raw: Raw) -> Raw:
    """A policy as version 2 of a trace has it."""
    return renamed(raw, POLICY_1)


def collection_from_version_1(raw: Raw) -> Raw:
    """What a trace or a report says of the collection."""
    return renamed(raw, {"chunks": "passages"})


def step_from_version_1(raw: Raw) -> Raw:
    """A step with its hits."""
    return changed(raw, {"name": step_name_from_version_1, "hits": each(_hit_from_version_1)})


def step_name_from_version_1(name: str) -> str:
    """`screened` is `first_pass` now."""
    return STEP_NAMES_1.get(name, name)


def manifest_from_version_2(raw: Raw) -> Raw:
    """A manifest of version 2 as it is: its collection has no token vectors."""
    return raw


def manifest_from_version_3(raw: Raw) -> Raw:
    """A manifest of version 3 as it is: its collection lies in one part, and has no columns."""
    return raw


def _hit_from_version_1(raw: Raw) -> Raw:
    return renamed(raw, HIT_1)


def _extra_search_from_version_1(raw: Raw) -> Raw:
    return changed(raw, {"dense": step_from_version_1, "lexical": step_from_version_1})


def _answer_from_version_1(raw: Raw) -> Raw:
    return changed(raw, {"citations": each(_hit_from_version_1), "checks": each(_hit_from_version_1)})


KINDS_2 = {
    "dense": "search",
    "lexical": "search",
    "fused": "fusion",
    "first_pass": "rerank",
    "reranked": "rerank",
    "adjusted": "adjust",
    "kept": "select",
}
"""What makes the list of each step of version 2, by its name."""


def trace_from_version_2(raw: Raw) -> Raw:
    """The fields of a trace of version 2 as version 3 has them: a step names its kind and the steps that it reads."""
    extra = raw.get("extra_searches") or []
    lists = [f"{run['name']} {name}" for run in extra for name in ("dense", "lexical")]
    steps, before = [], ""
    for step in raw["steps"]:
        reads = {"search": [], "fusion": ["dense", "lexical", *lists]}.get(KINDS_2[step["name"]], [before])
        steps.append(_step_from_version_2(step, reads))
        before = step["name"]
    return raw | {"steps": steps, "extra_searches": each(_extra_search_from_version_2)(extra)}


def _step_from_version_2(raw: Raw, reads: Sequence[str] = ()) -> Raw:
    return renamed(raw, {"inputs": "hits_in"}) | {"kind": KINDS_2[raw["name"]], "inputs": list(reads)}


def _extra_search_from_version_2(raw: Raw) -> Raw:
    return changed(raw, {"dense": _step_from_version_2, "lexical": _step_from_version_2})


FINDING_1 = {"chunk_id": "passage_id", "chunks": "passages", "stage": "step"}


def finding_from_version_1(raw: Any) -> Any:
    """What a case says of one expected document, as version 2 of a trace names it; all that stands in it too."""
    if isinstance(raw, list):
        return [finding_from_version_1(one) for one in raw]
    if not isinstance(raw, dict):
        return raw
    fields = {key: value if key == "metadata" else finding_from_version_1(value) for key, value in raw.items()}
    return changed(renamed(fields, FINDING_1), {"step": _step_of_finding})


def _step_of_finding(step: Any) -> Any:
    return step_name_from_version_1(step) if isinstance(step, str) else step


def findings_from_version_1(raw: Raw) -> Raw:
    """A case, or a re-run of one; the trace in it says its own version."""
    return changed(raw, {"findings": each(finding_from_version_1)})


HEADROOM_1 = {"screening": "first_pass", "first_pass_summary": "first_pass"}


def report_from_version_1(raw: Raw) -> Raw:
    """A saved evaluation."""
    return changed(
        raw,
        {
            "collection": collection_from_version_1,
            "policy": policy_from_version_1,
            "before": step_name_from_version_1,
            "after": step_name_from_version_1,
            "values": lambda values: renamed(values, STEP_NAMES_1),
            "headroom": lambda headroom: renamed(headroom, HEADROOM_1),
        },
    )


def report_from_version_2(raw: Raw) -> Raw:
    """A saved evaluation, whose filter was not kept."""
    return raw | {"says_filter": False}


def manifest_from_version_1(raw: Raw) -> Raw:
    """What a saved collection says of itself; its files stay as they are."""
    return renamed(raw, {"chunks": "passages"})
