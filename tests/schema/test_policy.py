"""A changed policy is as sound as a new one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pydantic import ValidationError

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


def test_a_default_first_pass_and_pool_go_with_the_reranker() -> None:
    assert Policy(top_k=3).having(reranker="none") == Policy(top_k=3, reranker="none")
    assert Policy().having(reranker="late-interaction") == Policy(reranker="late-interaction")
    assert Policy().having(top_k=20) == Policy(top_k=20)
    assert Policy(pool=20).having(reranker="none") == Policy(pool=20, reranker="none")
    assert Policy().having(first_pass=None) == Policy(first_pass=None)
    assert Policy().having(threshold=Threshold(minimum=0.3)) == Policy(threshold=Threshold(minimum=0.3))
    own = Policy(reranker="mine", first_pass=FirstPass(reranker="cheap", pool=30), pool=20)
    assert own.having(top_k=3) == own.with_(top_k=3)
    with pytest.raises(BadInput, match="“pol” is not a field"):
        Policy().having(pol=20)


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


LATE, BLEND = "late-interaction", "second-pass-minilm-v3+late-interaction"


@pytest.mark.parametrize(
    ("fields", "first_pass", "pool", "reranker"),
    [
        ({}, (LATE, 100), 10, BLEND),
        ({"top_k": 3}, (LATE, 100), 10, BLEND),
        ({"top_k": 30}, (LATE, 100), 30, BLEND),  # no fewer than are kept
        ({"pool": 20}, (LATE, 100), 20, BLEND),
        ({"pool": 150}, (LATE, 150), 150, BLEND),
        ({"first_pass": None}, None, 50, BLEND),
        ({"reranker": "none"}, None, 50, "none"),
        ({"reranker": BLEND}, None, 50, BLEND),
        ({"reranker": LATE, "pool": 20}, None, 20, LATE),
        ({"first_pass": {"reranker": "cheap", "pool": 60}}, ("cheap", 60), 50, BLEND),
    ],
)
def test_the_default_passes_are_those_of_a_policy_that_names_none(
    fields: dict[str, object], first_pass: tuple[str, int] | None, pool: int, reranker: str
) -> None:
    policy = Policy.model_validate(fields)
    found = policy.first_pass and (policy.first_pass.reranker, policy.first_pass.pool)
    assert (found, policy.pool, policy.reranker) == (first_pass, pool, reranker)
    assert policy.reads == (first_pass[1] if first_pass else pool)
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


def test_a_policy_of_a_version_without_first_passes_has_none() -> None:
    stored = {name: value for name, value in Policy(first_pass=None).model_dump().items() if name != "first_pass"}
    assert Policy.model_validate(stored) == Policy(first_pass=None)


def test_the_fused_order_is_as_long_as_what_the_passes_read() -> None:
    plain = Policy().unranked
    assert (plain.reranker, plain.first_pass, plain.pool) == ("none", None, 100)


@pytest.mark.parametrize("pool", [0, 500, "many"])
def test_a_pool_that_cannot_be_is_named_alone(pool: object) -> None:
    with pytest.raises(ValidationError) as refused:
        Policy.model_validate({"pool": pool})
    assert [one["loc"] for one in refused.value.errors()] == [("pool",)]


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
