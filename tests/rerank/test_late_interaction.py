"""MaxSim on the packaged model, held against a plain loop over its token vectors."""

from __future__ import annotations

import random

import numpy as np
import pytest

from rag_core.inference.engine import best_precision
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.retrieval.embedders.packaged import packaged_folder
from rag_core.schema.spaces import ScoreSpace

QUERY = "How long do refunds take?"
PASSAGES = ["Refunds take five days.", "Cats sleep, all day!", "Money is returned within a week of your request."]


@pytest.fixture(scope="module")
def reranker() -> LateInteractionReranker:
    return LateInteractionReranker()


def reference(query: str, passage: str) -> float:
    """Mean over the query's word tokens of the best cosine to a passage token, by loops and transformers alone."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(packaged_folder()))
    model = AutoModel.from_pretrained(str(packaged_folder())).eval()

    def tokens(text: str) -> list[tuple[str, np.ndarray]]:
        inputs = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            states = model(**inputs).last_hidden_state[0].numpy()
        names = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
        return list(zip(names, states, strict=True))[1:-1]

    best = []
    for name, asked in tokens(query):
        if not any(letter.isalnum() for letter in name):
            continue
        cosines = [
            float(np.dot(asked, told) / (np.linalg.norm(asked) * np.linalg.norm(told))) for _, told in tokens(passage)
        ]
        best.append(max(cosines))
    return sum(best) / len(best)


def test_equals_a_plain_loop(reranker: LateInteractionReranker, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [reference(QUERY, one) for one in PASSAGES]
    assert reranker.space is ScoreSpace.MAXSIM
    assert [pair.score for pair in reranker.score(QUERY, PASSAGES).pairs] == pytest.approx(expected, abs=2e-3)
    monkeypatch.setattr("rag_core.inference.engine.best_precision", lambda: "fp32")
    exact = LateInteractionReranker().score(QUERY, PASSAGES).pairs
    assert [pair.score for pair in exact] == pytest.approx(expected, abs=1e-5)
    assert max(exact, key=lambda pair: pair.score) is exact[0]


def test_scores_do_not_depend_on_order_company_or_memory(reranker: LateInteractionReranker) -> None:
    passages = [*PASSAGES, "", "😀", PASSAGES[0], "\ud800 odd"]
    whole = [pair.score for pair in reranker.score(QUERY, passages).pairs]
    shuffled = list(range(len(passages)))
    random.Random(5).shuffle(shuffled)
    fresh = LateInteractionReranker()
    again = fresh.score(QUERY, [passages[place] for place in shuffled])
    assert [pair.score for pair in again.pairs] == [whole[place] for place in shuffled]
    assert whole[3] == 0.0
    remembered = fresh.score(QUERY, passages)
    assert [pair.score for pair in remembered.pairs] == whole
    assert remembered.batches == 0


def test_what_lies_past_256_tokens_is_counted(reranker: LateInteractionReranker) -> None:
    pair = reranker.score(QUERY, ["cat " * 300]).pairs[0]
    # 256 less [CLS] and [SEP]
    assert (pair.tokens, pair.unseen_tokens) == (300, 300 - 254)
    assert pair.seen_chars == len("cat " * 254) - 1


def test_identity_names_weights_and_formula() -> None:
    fresh = LateInteractionReranker()
    assert fresh.model == f"late-interaction/all-MiniLM-L6-v2@53aa51172d14/maxsim-1/openvino-{best_precision()}"
    assert fresh.runs_on == f"OpenVINO, {best_precision()}"
    assert fresh.load_ms == 0
