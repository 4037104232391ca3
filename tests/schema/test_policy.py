"""A changed policy is as sound as a new one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.schema.policy import EarlyStopping, FirstPass, Fusion, Policy
from rag_core.schema.threshold import Threshold

ROOT = Path(__file__).parents[2]
LAYERS = ("rag_core", "ui", "pages", "benchmarks")


def test_other_fields_stay_as_they_are() -> None:
    policy = Policy(pool=20, stopping=EarlyStopping(limit=8))
    changed = policy.with_(top_k=3, threshold=Threshold(minimum=0.3))
    assert changed == Policy(pool=20, stopping=EarlyStopping(limit=8), top_k=3, threshold=Threshold(minimum=0.3))
    assert policy == Policy(pool=20, stopping=EarlyStopping(limit=8))


def test_a_nested_value_is_changed_by_giving_it() -> None:
    policy = Policy(fusion=Fusion(dense_weight=0.5))
    assert policy.with_(fusion=policy.fusion.with_(k=10)).fusion == Fusion(k=10, dense_weight=0.5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pol": 20}, "“pol” is not a field that this version knows"),
        ({"pool": 0}, "“pool” should be 1 or more"),
        ({"fusion": {"kk": 1}}, "“fusion › kk” is not a field"),
        ({"first_pass": FirstPass(reranker="cheap", pool=10)}, "^The first pass reads 10 candidates, fewer than"),
        ({"first_pass": FirstPass(reranker="none")}, "^A first pass needs a reranker of its own"),
    ],
)
def test_a_change_that_cannot_be_is_refused_in_words(changes: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Policy(pool=50).with_(**changes)


def test_no_policy_is_changed_unvalidated() -> None:
    """`model_copy` checks nothing: neither the name of a field nor its value."""
    fields = {*Policy.model_fields, *Fusion.model_fields}
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for layer in LAYERS
        for path in sorted((ROOT / layer).rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "model_copy"
        if "policy" in ast.unparse(call.func.value).lower() or _keys(call) & (fields - {"extra_searches"})
    ]
    assert not found


def _keys(call: ast.Call) -> set[object]:
    given = (keyword.value for keyword in call.keywords if isinstance(keyword.value, ast.Dict))
    return {key.value for value in given for key in value.keys if isinstance(key, ast.Constant)}
