"""MaxSim on the packaged model, held against a plain loop over its token vectors; what a collection keeps is used."""

from __future__ import annotations

import random
from collections.abc import Collection as Group
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

import rag_core
from rag_core.corpus.collection import Collection
from rag_core.corpus.token_store import TokenStore
from rag_core.errors import SecondPassError
from rag_core.generation.extractive import SHORTLIST
from rag_core.generation.sentences import sentences
from rag_core.inference.token_codes import TokenCodes, projection
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.base import Scored
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.rerank.stored_tokens import Stored, reading_from
from rag_core.retrieval.embedders.packaged import packaged_folder
from rag_core.retrieval.embedders.packaged_encoder import passage_precision
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.protocol import Engine
from rag_core.schema.policy import Policy
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from tests.corpus.doubles import TokenEmbedder

QUERY = "How long do refunds take?"
PASSAGES = ["Refunds take five days.", "Cats sleep, all day!", "Money is returned within a week of your request."]


@pytest.fixture(scope="module")
def reranker() -> LateInteractionReranker:
    return LateInteractionReranker()


def reference(query: str, passage: str, projected: bool) -> float:
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
        return list(zip(names, states @ projection().T if projected else states, strict=True))[1:-1]

    best = []
    for name, asked in tokens(query):
        if not any(letter.isalnum() for letter in name):
            continue
        cosines = [
            float(np.dot(asked, told) / (np.linalg.norm(asked) * np.linalg.norm(told))) for _, told in tokens(passage)
        ]
        best.append(max(cosines))
    return sum(best) / len(best)


def test_equals_a_plain_loop_but_for_four_bits_and_the_projection(reranker: LateInteractionReranker) -> None:
    assert reranker.space is ScoreSpace.MAXSIM
    found = [pair.score for pair in reranker.score(QUERY, PASSAGES).pairs]
    assert found == pytest.approx([reference(QUERY, one, projected=True) for one in PASSAGES], abs=0.02)
    assert found == pytest.approx([reference(QUERY, one, projected=False) for one in PASSAGES], abs=0.04)
    assert max(found) == found[0]


def test_a_passage_of_a_collection_is_not_read_again(packaged: SentenceEmbedder) -> None:
    collection = rag_core.index(texts=PASSAGES)
    texts = [passage.model_text for passage in collection.passages]
    made = LateInteractionReranker().score(QUERY, texts)
    assert made.batches == len(texts)
    fresh = LateInteractionReranker()
    with reading_from(collection.token_source()):
        found = fresh.score(QUERY, [*texts, "Another one."])
    assert found.batches == 1
    assert found.pairs[:-1] == made.pairs  # to the last digit


class Elsewhere:
    """A source that keeps what it is given; it fails where it is told so."""

    def __init__(self, *fails: str) -> None:
        self.fails = fails
        self.codes: dict[str, TokenCodes] = {}

    def find(self, model: str, content_hashes: Group[str]) -> Stored:
        if "find" in self.fails:
            raise SecondPassError("It cannot be read.")
        return Stored({one: self.codes[one] for one in content_hashes if one in self.codes})

    def keep(self, model: str, codes: Mapping[str, TokenCodes]) -> None:
        if "keep" in self.fails:
            raise SecondPassError("It cannot be written.")
        self.codes |= codes


def test_what_is_made_is_kept_where_the_source_takes_it(reranker: LateInteractionReranker) -> None:
    source = Elsewhere()
    made = reranker.score(QUERY, PASSAGES)  # so that it remembers them: they are kept all the same
    with reading_from(source):
        reranker.score(QUERY, PASSAGES)
        assert len(source.codes) == len(PASSAGES)
        found = LateInteractionReranker().score(QUERY, [*PASSAGES, "Another one."])
    assert (found.batches, found.pairs[:-1], len(source.codes)) == (1, made.pairs, len(PASSAGES) + 1)
    assert "every later run" in found.notes[0].message


@pytest.mark.parametrize("fails", [("find",), ("keep",), ("find", "keep")], ids=str)
def test_a_source_that_fails_is_said_and_the_run_goes_on(fails: tuple[str, ...]) -> None:
    with reading_from(Elsewhere(*fails)):
        found = LateInteractionReranker().score(QUERY, PASSAGES)
    assert len(found.pairs) == found.batches == len(PASSAGES)
    assert ("every later run" in found.notes[0].message) == ("keep" not in fails)
    said = next(note.message for note in found.notes if note.code == "token-vectors-not-kept")
    assert ("cannot be read" in said, "cannot be written" in said) == ("find" in fails, "keep" in fails)


def test_token_vectors_of_another_model_are_left_alone() -> None:
    fresh = LateInteractionReranker()
    collection = rag_core.index(texts=PASSAGES, embedder=TokenEmbedder(max_tokens=256))
    assert len(collection.token_vectors) == len(PASSAGES)
    with reading_from(collection.token_source()):
        found = fresh.score(QUERY, [passage.model_text for passage in collection.passages])
    assert found.batches == len(PASSAGES)


def late_interaction_over(engine: Engine, pool: int) -> Trace:
    """A run with a reranker that remembers nothing."""
    pipeline = Pipeline(engine, rerankers=lambda _: LateInteractionReranker())
    return pipeline.run(QUERY, pool=pool, reranker="late-interaction")


def test_a_pipeline_reads_no_passage_of_a_large_pool(sample: Collection) -> None:
    trace = late_interaction_over(sample, pool=100)
    assert len(trace[StepName.RERANKED].hits) == 100 and trace.rerank.tokens == 0


def test_an_answer_scores_the_closest_sentences_and_keeps_token_vectors_of_passages_alone(sample: Collection) -> None:
    source = Elsewhere()

    class Other:
        ref, passage, dense, lexical = sample.ref, sample.passage, sample.dense, sample.lexical

        def token_source(self) -> Elsewhere:
            return source

    pipeline = Pipeline(Other(), rerankers=lambda _: LateInteractionReranker())
    trace = pipeline.run(QUERY, pool=8, top_k=8, reranker="late-interaction")
    kept = {one.passage.content_hash for one in trace.kept}
    assert len(kept) == 8 and sum(len(sentences(one.passage.text)) for one in trace.kept) > SHORTLIST + 8
    answer = pipeline.answer(trace)
    assert answer.choosing is not None and answer.choosing.pairs_scored == SHORTLIST
    assert set(source.codes) == kept


def test_a_pool_is_one_slice_where_its_token_vectors_are_stored(sample: Collection) -> None:
    class Other:
        ref, passage, dense, lexical = sample.ref, sample.passage, sample.dense, sample.lexical

    class Keeps(Other):
        def token_source(self) -> Elsewhere:
            return Elsewhere()

    class Counted(LateInteractionReranker):
        def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
            scored.append(len(passages))
            return super().score(query, passages, progress)

    def slices(engine: Engine) -> list[int]:
        scored.clear()
        question = QuerySession(Pipeline(engine, rerankers=lambda _: Counted()), QUERY)
        policy = Policy(pool=24, reranker="late-interaction", first_pass=None)
        question.search(policy)
        while question.next_slice(policy):
            pass
        return scored.copy()

    class WithoutTokens(Other):
        def token_source(self) -> TokenStore:
            return TokenStore()

    scored: list[int] = []
    assert slices(sample) == [24]
    assert slices(Other()) == slices(Keeps()) == slices(WithoutTokens()) == [8, 8, 8]


def test_an_engine_without_token_vectors_is_reranked_all_the_same(sample: Collection) -> None:
    class Other:
        ref, passage, dense, lexical = sample.ref, sample.passage, sample.dense, sample.lexical

    whole, other = late_interaction_over(sample, pool=5), late_interaction_over(Other(), pool=5)
    assert other[StepName.RERANKED].hits == whole[StepName.RERANKED].hits
    assert other.rerank.tokens > 0
    codes = [{note.code for note in trace[StepName.RERANKED].warnings} for trace in (whole, other)]
    assert ["token-vectors-read-now" in one for one in codes] == [False, True]


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


def test_a_part_of_a_passage_is_scored_by_the_tokens_that_it_has_there(reranker: LateInteractionReranker) -> None:
    text = "Opening hours\nWe open at nine. A refund takes five days. Cats sleep all day."
    parts = [(1, text.index(words), text.index(words) + len(words)) for words in ("We open", "A refund", "Cats sleep")]
    whole = (1, 0, len(text))
    scores = reranker.part_scores(QUERY, ["Another passage.", text], [*parts, whole])
    assert scores[1] == max(one for one in scores[:3] if one is not None)
    every = reranker.score(QUERY, [text]).pairs[0].score
    assert scores[3] == pytest.approx(every, abs=1e-6)
    assert all(one is not None and one < every for one in scores[:3])


def test_a_part_past_256_tokens_has_no_score(reranker: LateInteractionReranker) -> None:
    text = "word " * 300 + "Refunds take five days."
    start = text.index("Refunds")
    near, far = reranker.part_scores(QUERY, [text], [(0, 0, 4), (0, start, len(text))])
    assert near is not None and far is None


def test_identity_names_weights_vectors_engine_and_formula() -> None:
    fresh = LateInteractionReranker()
    assert fresh.model == "late-interaction/all-MiniLM-L6-v2@53aa51172d14/tokens-1/openvino/maxsim-2"
    assert fresh.runs_on == f"OpenVINO, {passage_precision('cpu')}"
    assert fresh.load_ms == 0
