"""The cross-encoder adapter, through the real loading code, on a tiny model with random weights."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import BadInput, ModelError
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.weights.backends import Backend
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore
from tests.installing import needs
from tests.rerank.conftest import LIMIT, Make

QUERY = "how long do refunds take"
PASSAGES = [
    "refunds take five days",
    "cats sleep",
    "shipping is free, is free, is free, is free",
    "",
    "cats sleep",
    "😀 привет 你好 \ud800",
    "refund " * 10_000,
    *(f"{'cats ' * n}sleep" for n in range(1, 14)),
]


def scores(reranker: CrossEncoderReranker, passages: list[str], query: str = QUERY) -> list[float]:
    return [pair.score for pair in reranker.score(query, passages).pairs]


def test_scores_are_the_logits_of_sentence_transformers(tiny: Path, reranker: CrossEncoderReranker) -> None:
    import torch
    from sentence_transformers import CrossEncoder

    passages = [text for text in PASSAGES if text.isascii()]
    reference = CrossEncoder(str(tiny), activation_fn=torch.nn.Identity(), local_files_only=True)
    logits = reference.predict([(QUERY, text) for text in passages], show_progress_bar=False)
    assert reranker.space is ScoreSpace.LOGIT
    assert np.ptp(logits) > 0.5
    assert scores(reranker, passages) == pytest.approx(logits.tolist(), abs=1e-5)


@pytest.mark.parametrize("backend", ["reranker", "fast"])
def test_scores_do_not_depend_on_order_or_company(backend: str, request: pytest.FixtureRequest) -> None:
    reranker = request.getfixturevalue(backend)
    whole = scores(reranker, PASSAGES)
    shuffled = list(range(len(PASSAGES)))
    random.Random(3).shuffle(shuffled)
    assert scores(reranker, [PASSAGES[place] for place in shuffled]) == [whole[place] for place in shuffled]
    assert [scores(reranker, [text])[0] for text in PASSAGES] == whole
    assert whole[1] == whole[4]


@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_threads_get_the_same_scores(backend: Backend, tiny: Path) -> None:
    shared = CrossEncoderReranker(str(tiny), backend=backend)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: scores(shared, PASSAGES), range(4)))
    assert all(one == results[0] for one in results)


def test_what_the_model_never_saw_is_counted(reranker: CrossEncoderReranker) -> None:
    # [CLS] how long do refunds take [SEP] ... [SEP]: 8 tokens are not the passage's, so 32 - 8 = 24 of them fit.
    passage = "cats " * 30
    pair = reranker.score(QUERY, [passage]).pairs[0]
    assert (pair.tokens, pair.unseen_tokens) == (30, 30 - (LIMIT - 8))
    assert pair.seen_chars == len("cats " * 24) - 1
    assert pair.score == scores(reranker, ["cats " * 24])[0]


def test_a_passage_that_fits_is_seen_whole(reranker: CrossEncoderReranker) -> None:
    pair = reranker.score(QUERY, ["cats sleep"]).pairs[0]
    assert pair == PairScore(score=pair.score, tokens=2, unseen_tokens=0, seen_chars=None)


def test_a_long_query_leaves_half_to_the_passage(reranker: CrossEncoderReranker) -> None:
    # The query is cut to 32 / 2 = 16 tokens; 3 are special, so 13 are left.
    pair = reranker.score("how " * 500, ["cats " * 20]).pairs[0]
    assert (pair.tokens, pair.unseen_tokens) == (20, 20 - 13)


def test_a_shorter_limit_is_another_model(tiny: Path, reranker: CrossEncoderReranker) -> None:
    short = CrossEncoderReranker(str(tiny), backend="torch", max_length=16)
    assert short.score(QUERY, ["cats " * 20]).pairs[0].unseen_tokens == 20 - (16 - 8)
    assert short.model != reranker.model


def test_identity_needs_no_weights_in_memory_and_follows_the_files(tiny: Path, make_model: Make) -> None:
    fresh = CrossEncoderReranker(str(tiny))
    calibrated = CrossEncoderReranker(str(make_model(calibration={"temperature": 2.0})))
    assert fresh.model.startswith("tiny@")
    assert fresh.load_ms == 0
    assert fresh.model == CrossEncoderReranker(str(tiny)).model
    assert fresh.model != calibrated.model


def test_calibration_is_applied(reranker: CrossEncoderReranker, make_model: Make) -> None:
    folder = make_model(calibration={"temperature": 2.0, "bias": 0.5})
    calibrated = CrossEncoderReranker(str(folder), backend="torch")
    raw = scores(reranker, PASSAGES[:3])
    assert scores(calibrated, PASSAGES[:3]) == pytest.approx([score / 2.0 + 0.5 for score in raw], abs=2e-6)


def test_bf16_is_close_and_another_model(tiny: Path, reranker: CrossEncoderReranker) -> None:
    half = CrossEncoderReranker(str(tiny), backend="bf16")
    assert half.model == f"{reranker.model}/bf16"
    assert scores(half, PASSAGES) == pytest.approx(scores(reranker, PASSAGES), abs=0.25)


@pytest.mark.filterwarnings("ignore")  # the exporter's own
@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_an_exported_model_gives_the_same_scores(
    backend: str, make_model: Make, reranker: CrossEncoderReranker
) -> None:
    for package in ("onnx", {"onnx": "onnxruntime"}.get(backend, backend)):
        needs(package)
    folder = make_model()
    (folder / "modules.json").write_text("[]")  # not a plain BERT's folder, so nothing is built from its weights
    _export(folder)
    exported = CrossEncoderReranker(str(folder), backend=backend)  # type: ignore[arg-type]
    tolerance = 1e-4 if backend == "onnx" else 0.25  # OpenVINO computes in bf16 where the processor can
    assert scores(exported, PASSAGES) == pytest.approx(scores(reranker, PASSAGES), abs=tolerance)


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_a_backend_without_its_file_says_what_to_do(backend: Backend, make_model: Make) -> None:
    folder = make_model()
    (folder / "modules.json").write_text("[]")
    with pytest.raises(ModelError, match=r"has no .*onnx/model\.onnx.*torch backend"):
        CrossEncoderReranker(str(folder), backend=backend).load()


def test_several_outputs_are_refused(make_model: Make) -> None:
    with pytest.raises(ModelError, match="gives 3 outputs a pair"):
        CrossEncoderReranker(str(make_model(outputs=3))).load()


def test_a_model_without_a_trained_head_is_refused(make_model: Make) -> None:
    with pytest.raises(ModelError, match="is not a cross-encoder"):
        CrossEncoderReranker(str(make_model(head=False))).load()


def test_weights_that_give_no_number_name_the_passage(make_model: Make) -> None:
    from safetensors.torch import load_file, save_file

    folder = make_model()
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"].fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="nan instead of a number for the passage that begins “cats sleep”"):
        CrossEncoderReranker(str(folder)).score(QUERY, ["cats sleep"])


@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_broken_weights_are_a_sentence(backend: Backend, make_model: Make) -> None:
    folder = make_model()
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match=r"could not be loaded|cannot be read"):
        CrossEncoderReranker(str(folder), backend=backend).load()


@pytest.mark.parametrize("options", [{"backend": "tpu"}, {"max_length": 4}])
def test_settings_that_cannot_be_used(options: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        CrossEncoderReranker("x", **options)  # type: ignore[arg-type]


def test_progress_counts_pairs(reranker: CrossEncoderReranker) -> None:
    seen: list[tuple[int, int]] = []
    scored = reranker.score(QUERY, ["cats", "cats sleep", "free"], lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)
    assert len(seen) == scored.batches
    assert scored.tokens == 3 * 8 + 1 + 2 + 1


def test_no_passages_no_scores(reranker: CrossEncoderReranker) -> None:
    assert reranker.score(QUERY, []).pairs == ()


def _export(folder: Path) -> None:
    """Write onnx/model.onnx with free batch and width."""
    import torch
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    (folder / "onnx").mkdir()
    torch.onnx.export(
        model,
        tuple(torch.ones((2, 16), dtype=torch.long) for _ in names),
        str(folder / "onnx" / "model.onnx"),
        input_names=names,
        output_names=["logits"],
        dynamic_axes={name: {0: "pairs", 1: "width"} for name in names} | {"logits": {0: "pairs"}},
        dynamo=False,
    )
