"""A tiny ColBERT with random weights, saved and loaded as real ones are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import ModelError
from rag_core.rerank.catalogue import entry_of, get_reranker
from rag_core.rerank.colbert import ColbertReranker
from rag_core.schema.spaces import ScoreSpace
from tests.rerank.conformance import PASSAGES, QUERY, Conformance, Subject
from tests.rerank.conftest import LIMIT, Make

LENGTH = 16
"""Tokens of a passage: [CLS], the marker, [SEP] and 13 of the text."""


@pytest.fixture(scope="module")
def folder(make_model: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of 32 positions, a projection to 8 dimensions, ColBERT's mask and markers."""
    import torch
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Dense, Normalize, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    torch.manual_seed(11)
    body = Transformer(str(make_model(head=False)), document_length=LENGTH, max_seq_length=LIMIT)
    dense = Dense(32, 8, bias=False, activation_function=torch.nn.Identity(), module_input_name="token_embeddings")
    modules = [body, dense, MultiVectorMask(skiplist_words=["."]), Normalize(module_input_name="token_embeddings")]
    place = tmp_path_factory.mktemp("colbert") / "tiny-colbert"
    MultiVectorEncoder(modules=modules, device="cpu", prompts={"query": "q ", "document": "d "}).save(str(place))
    return place


@pytest.fixture(scope="module")
def reranker(folder: Path) -> ColbertReranker:
    return ColbertReranker(str(folder))


class TestConforms(Conformance):
    """The protocol."""

    @pytest.fixture
    def subject(self, reranker: ColbertReranker) -> Subject:
        return Subject(reranker, limit=16)


def test_scores_are_sentence_transformers_own_mean_maxsim(folder: Path, reranker: ColbertReranker) -> None:
    from sentence_transformers import MultiVectorEncoder

    model = MultiVectorEncoder(str(folder), device="cpu", similarity_fn_name="meanmaxsim")
    own = model.similarity(model.encode_query([QUERY]), model.encode_document(list(PASSAGES)))[0].tolist()
    scores = [pair.score for pair in reranker.score(QUERY, PASSAGES).pairs]
    assert reranker.space is ScoreSpace.MAXSIM
    assert np.ptp(own) > 0.01
    assert scores == pytest.approx(own, abs=1e-4)


def test_what_it_did_not_read_is_counted(reranker: ColbertReranker) -> None:
    room = LENGTH - 3
    long, short = reranker.score(QUERY, ["cats " * 30, "cats " * room]).pairs
    assert (long.tokens, long.unseen_tokens) == (30, 30 - room)
    assert long.seen_chars == len("cats " * room) - 1
    assert (short.tokens, short.unseen_tokens, short.seen_chars) == (room, 0, None)
    assert long.score == short.score  # what lies behind the cut changes nothing


def test_the_catalogue_makes_one_by_folder(folder: Path) -> None:
    key = f"colbert:{folder}"
    found = get_reranker(key)
    assert isinstance(found, ColbertReranker)
    assert get_reranker(key) is found
    assert found.model.startswith("colbert/tiny-colbert@")
    assert (entry_of(key).space, entry_of(key).kind) == (ScoreSpace.MAXSIM, "ColBERT")


def test_a_plain_encoder_is_refused(make_model: Make) -> None:
    with pytest.raises(ModelError, match="not a ColBERT model"):
        ColbertReranker(str(make_model(head=False))).load()
