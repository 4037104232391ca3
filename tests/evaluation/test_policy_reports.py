"""What tells a policy from the default one, as a table's row is called."""

from __future__ import annotations

import pytest

from rag_core.evaluation.policy_reports import PolicyReports, difference
from rag_core.schema.policy import FirstPass, Policy
from tests.evaluation.test_report import made


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        (Policy(), "default"),
        (Policy(pool=20, top_k=3), "pool=20, top_k=3"),
        (Policy(reranker="none"), "reranker=none"),
        (Policy(reranker="x", pool=20), "pool=20, reranker=x"),
        (Policy(first_pass=None), "first_pass=None"),
        (Policy(first_pass=FirstPass(reranker="y"), pool=10), "first_pass=y over 100"),
        (Policy(first_pass=FirstPass(reranker="y", lexical=0.5), pool=10), "first_pass=y over 100 + 0.5 lexical share"),
    ],
)
def test_a_policy_is_called_by_what_is_not_the_default(policy: Policy, named: str) -> None:
    assert difference(policy) == named


def test_a_handful_of_questions_gives_no_interval() -> None:
    frame = PolicyReports(((Policy(), made()), (Policy(pool=20), made()))).frame(("RR@10",))
    assert list(frame["RR@10 interval"]) == [None, None]
