"""The model that ships: it loads from a clean clone without a network, and scores as its card says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rag_core
from rag_core.inference import engine
from rag_core.inference.bert import bert
from rag_core.inference.int8 import read_smoothing_scales
from rag_core.inference.weights import read_weights
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.blend_weights import BlendWeights
from rag_core.rerank.catalogue import get_reranker, usable
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.shipped import BLENDED, MODELS, best_probability
from rag_core.rerank.weights.backends import Backend
from rag_core.schema.policy import DEFAULT_RERANKER
from rag_core.schema.spaces import ScoreSpace
from tests.installing import needs

FOLDERS = sorted(path.parent for path in MODELS.glob("*/config.json"))
EXAMPLE = re.compile(r"^\| (?P<query>.+?) \| (?P<passage>.+?) \| (?P<logit>-?\d+\.\d+) \| (?P<p>\d\.\d+) \|$", re.M)
BUDGET_BYTES = 70 * 2**20

ROUNDED = 0.1
"""How far a logit may be from the card's where it is computed in bf16 and int8: twice the largest difference on 360
pairs of the sample corpus. It moves a probability by 0.025 at most."""

ODD = [
    "",
    " \n\t ",
    "refund " * 10_000,
    "🙂🧾💸 👩‍👩‍👧‍👦",
    "返金は三十日以内に可能です。",
    "يمكن استرداد المبلغ خلال ثلاثين يوما",
    "a\x00b\ud800c",
    "You can get a refund within 30 days.",
    "You can get a refund within 30 days.",
]


@pytest.fixture(scope="module")
def shipped() -> CrossEncoderReranker:
    return CrossEncoderReranker(str(FOLDERS[-1]))


def card_examples(folder: Path) -> list[tuple[str, str, float, float]]:
    """(query, passage, calibrated logit, probability) of the card's table of example pairs."""
    card = (folder / "README.md").read_text(encoding="utf-8").partition("## Example pairs")[2]
    return [(m["query"], m["passage"], float(m["logit"]), float(m["p"])) for m in EXAMPLE.finditer(card)]


@pytest.mark.parametrize(("backend", "tolerance"), [("torch", 0.02), ("auto", ROUNDED)])
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_card_has_examples_and_the_model_gives_their_scores(
    folder: Path, backend: Backend, tolerance: float
) -> None:
    examples = card_examples(folder)
    assert len(examples) >= 4
    reranker = CrossEncoderReranker(str(folder), backend=backend)
    for query, passage, logit, _ in examples:
        assert reranker.score(query, [passage]).pairs[0].score == pytest.approx(logit, abs=tolerance)


@pytest.mark.parametrize(
    ("precision", "vnni", "runs_on", "tolerance"),
    [
        ("fp32", False, "OpenVINO, fp32", 1e-3),
        ("fp32", True, "OpenVINO, fp32/int8", ROUNDED),
        ("bf16", True, "OpenVINO, bf16/int8", ROUNDED),
    ],
)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_kind_of_processor_has_its_way_and_scores_as_torch_does(
    folder: Path,
    precision: engine.Precision,
    vnni: bool,
    runs_on: str,
    tolerance: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if precision == "bf16" and engine.best_precision() != "bf16":
        pytest.skip("This processor has no bf16.")
    engine.multiplies_int8.cache_clear()
    monkeypatch.setattr(engine, "best_precision", lambda: precision)
    monkeypatch.setattr(engine, "has_vnni", lambda _cpuinfo: vnni)
    try:
        ours, torch = CrossEncoderReranker(str(folder)), CrossEncoderReranker(str(folder), backend="torch")
        assert ours.runs_on == runs_on
        assert ours.model.endswith("-" + precision + ("-int8" if runs_on.endswith("int8") else ""))
        passages = [passage for _, passage, _, _ in card_examples(folder)]
        found, expected = (
            np.array([pair.score for pair in one.score("When is my refund paid?", passages).pairs])
            for one in (ours, torch)
        )
    finally:
        engine.multiplies_int8.cache_clear()
    np.testing.assert_allclose(found, expected, atol=tolerance)


def test_it_loads_as_any_cross_encoder_with_the_network_cut() -> None:
    query, passage, _, _ = card_examples(FOLDERS[-1])[0]
    program = (
        "import sys; from sentence_transformers import CrossEncoder;"
        "print(float(CrossEncoder(sys.argv[1], device='cpu').predict([(sys.argv[2], sys.argv[3])])[0]))"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HTTPS_PROXY": "http://127.0.0.1:9", "HF_HOME": os.devnull}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(FOLDERS[-1]), query, passage],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 0.0 <= float(done.stdout.strip().splitlines()[-1]) <= 1.0


def test_odd_texts_get_finite_scores_that_do_not_depend_on_their_company(shipped: CrossEncoderReranker) -> None:
    together = [pair.score for pair in shipped.score("How long do refunds take?", ODD).pairs]
    backwards = [pair.score for pair in shipped.score("How long do refunds take?", ODD[::-1]).pairs][::-1]
    alone = [shipped.score("How long do refunds take?", [text]).pairs[0].score for text in ODD]
    assert together == backwards == alone
    assert together[-1] == together[-2]
    assert all(abs(score) < 100 for score in together)


@pytest.mark.parametrize("query", ["", "🙂", "why " * 3000, "返金"])
def test_odd_questions_get_finite_scores(shipped: CrossEncoderReranker, query: str) -> None:
    (pair,) = shipped.score(query, ["You can get a refund within 30 days."]).pairs
    assert abs(pair.score) < 100


def test_a_passage_past_the_limit_says_how_much_was_not_read(shipped: CrossEncoderReranker) -> None:
    (pair,) = shipped.score("How long do refunds take?", ["money " * 10_000]).pairs
    assert pair.tokens == 10_000
    assert pair.unseen_tokens > 9000


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_its_smoothing_scales_name_its_own_layers(folder: Path) -> None:
    needs("openvino")
    scales = read_smoothing_scales(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert scales
    bert(read_weights(folder / "model.safetensors"), config, "bert.", first_only=True, smoothing_scales=scales)


def test_what_ships_stays_small() -> None:
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) < BUDGET_BYTES


def test_it_is_offered_added_to_late_interaction_too(shipped: CrossEncoderReranker) -> None:
    key = FOLDERS[-1].name + BLENDED
    weights = BlendWeights.of(FOLDERS[-1])
    query, *_ = card_examples(FOLDERS[-1])[0]
    passages = ["You can get a refund within 30 days.", "The Danube flows through ten countries."]
    ours, theirs = (one.score(query, passages).pairs for one in (shipped, get_reranker("late-interaction")))
    assert weights
    assert [pair.score for pair in get_reranker(key).score(query, passages).pairs] == pytest.approx(
        [weights.logit(a.score, b.score) for a, b in zip(ours, theirs, strict=True)], abs=1e-5
    )
    assert usable()[key].default_threshold == weights.default_threshold


def test_the_default_reranker_says_how_probable_it_is_that_its_best_passage_answers() -> None:
    fitted = best_probability(DEFAULT_RERANKER)
    assert fitted is not None and fitted.slope > 0 and fitted.margin > 0
    assert best_probability("late-interaction") is None and best_probability("none") is None
    found = rag_core.index(texts=["Refunds take 30 days.", "We ship worldwide.", "Cats sleep long."])
    trace = Pipeline(found).run("How long do refunds take?", rag_core.Policy())
    logits = [hit.score for hit in trace.reranked_step.hits]
    assert trace.best_probability == fitted.probability(ScoreSpace.LOGIT, logits)
    assert Pipeline(found).run("How long do refunds take?", rag_core.Policy(reranker="none")).best_probability is None
