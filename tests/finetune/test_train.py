"""Fine-tuning on judgments through the real trainer, on a tiny cross-encoder with random weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.errors import BadInput
from rag_core.evaluation.score import score_set
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.finetune.models import fine_tuned_models
from rag_core.finetune.pairs import pairs, sides, trainable_queries
from rag_core.finetune.train import Stopped, fine_tune
from rag_core.pipeline.pipeline import Pipeline
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from tests.corpus.doubles import WordEmbedder
from tests.evaluation.builders import labelled, plain
from tests.rerank.conftest import make_model, tiny  # noqa: F401

POLICY = Policy(reranker="ce", pool=4)
SCORES = {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}


def test_the_split_keeps_every_kind_on_both_sides() -> None:
    queries = [Query(id=f"q{n}", text="t", kind="code" if n % 2 else "twin") for n in range(60)]
    split = sides(queries)

    assert len(split.held_out) == int(60 * 0.35)
    assert set(split.train) | set(split.held_out) == {query.id for query in queries}
    assert not set(split.train) & set(split.held_out)
    for side in (split.train, split.held_out):
        assert 0.4 < sum(int(one[1:]) % 2 for one in side) / len(side) < 0.6
    assert sides(queries) == split


def test_too_few_questions_are_refused_with_how_many_are_missing() -> None:
    with pytest.raises(BadInput, match=r"needs 50 labelled questions .* there are 12\. Grade passages of 38 more"):
        sides([Query(id=f"q{n}", text="t") for n in range(12)])


def test_what_can_be_learned_from_has_its_answer_in_the_pool() -> None:
    asked = labelled({"in": {"b": 1}, "outside": {"z": 1}, "wrong": {"a": 0}})
    rows = {one: plain("abcd", "", SCORES) for one in asked.by_id}
    assert [query.id for query in trainable_queries(asked, rows, POLICY)] == ["in"]


def test_negatives_are_judged_wrong_or_unjudged_under_the_best_answer() -> None:
    # b answers; a scores higher and nobody judged it, so it may be an answer too; d is judged wrong, c is unjudged.
    asked = labelled({"q": {"b": 2, "d": 0}})
    found = pairs(asked, {"q": plain("abcd", "", SCORES)}, POLICY, ["q"])

    taught = {one.passage.splitlines()[-1]: one.label for one in found}
    assert taught == {"text of b": 1.0, "text of c": 0.0, "text of d": 0.0}
    assert all(one.query == "question q" and one.passage.startswith("Title ") for one in found)


def test_a_query_that_nothing_answers_teaches_refusal() -> None:
    asked = labelled({}, "q", kinds={"q": "unanswerable"})
    found = pairs(asked, {"q": plain("abcd", "", SCORES)}, POLICY, ["q"])
    assert [one.label for one in found] == [0.0] * 4


@pytest.fixture(scope="module")
def world(tiny: Path) -> tuple[Pipeline, LabelledSet, dict[str, Measurement], Policy]:  # noqa: F811
    """Twelve questions over six documents, scored by the tiny model."""
    texts = [
        "refunds take five days",
        "shipping is free",
        "cats sleep long",
        "how long do cats take",
        "free refund",
        "is it",
    ]
    documents = [Document(id=f"d{n}", text=text) for n, text in enumerate(texts)]
    embedder = WordEmbedder()
    pipeline = Pipeline(index_documents(IndexingPlan("toy", None, Chunking(), 100), documents, embedder), embedder)
    asked = LabelledSet(
        name="toy",
        queries=tuple(Query(id=f"q{n}", text=f"{texts[n % 6]} ?") for n in range(12)),
        qrels={f"q{n}": {f"d{n % 6}": 1} for n in range(12)},
    )
    policy = Policy(reranker=f"cross-encoder:{tiny}", pool=6)
    return pipeline, asked, score_set(pipeline, asked, [policy]), policy


def test_a_fine_tuning_from_end_to_end(
    world: tuple[Pipeline, LabelledSet, dict[str, Measurement], Policy], tmp_path: Path
) -> None:
    pipeline, asked, measurements, policy = world
    seen: list[tuple[int, int]] = []
    result = fine_tune(
        pipeline,
        asked,
        measurements,
        policy,
        tmp_path / "rerankers" / "mine",
        lambda *step: seen.append(step),
        least=10,
    )

    assert len(result.held_out) == int(12 * 0.35) and len(result.train) == 8
    assert seen[-1][0] == seen[-1][1] == len(seen)
    assert result.comparisons["nDCG@10"].queries == len(result.held_out)
    assert result.headline == ("nDCG@10", result.comparisons["nDCG@10"])
    assert fine_tuned_models(tmp_path / "rerankers").found == (result,)
    taught = pipeline.score(measurements["q0"], policy.with_(reranker=result.key))
    assert taught.rerankings[result.key].failure is None
    assert taught.rerankings[result.key].pairs != measurements["q0"].rerankings[policy.reranker].pairs
    with pytest.raises(BadInput, match="a model called 'mine' already"):
        fine_tune(pipeline, asked, measurements, policy, tmp_path / "rerankers" / "mine", least=10)


def test_stopped_training_leaves_nothing(
    world: tuple[Pipeline, LabelledSet, dict[str, Measurement], Policy], tmp_path: Path
) -> None:
    with pytest.raises(Stopped):
        fine_tune(*world, tmp_path / "mine", stopped=lambda: True, least=10)
    assert list(tmp_path.iterdir()) == []


def test_only_a_local_cross_encoder_can_be_taught(
    world: tuple[Pipeline, LabelledSet, dict[str, Measurement], Policy], tmp_path: Path
) -> None:
    pipeline, asked, measurements, _ = world
    with pytest.raises(BadInput, match="late-interaction has no weights that could be trained"):
        fine_tune(pipeline, asked, measurements, Policy(reranker="late-interaction"), tmp_path / "mine", least=10)
