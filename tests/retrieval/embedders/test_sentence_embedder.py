"""The packaged bi-encoder: its vectors, its tokens, and what is said when a model cannot be had."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import rag_core
from rag_core.errors import ModelError
from rag_core.inference.encoder import on_openvino
from rag_core.retrieval.embedders.naming import parse_key
from rag_core.retrieval.embedders.packaged import PACKAGED_SHA256, packaged_folder
from rag_core.retrieval.embedders.packaged_encoder import passage_precision
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.embedders.sentence_embedder import SLICE, SentenceEmbedder, embedder_of_key, get_embedder
from tests.installing import needs

LONG = "The refund arrives in five working days. " * 60


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two vectors of a passage are the same within the precision that passages are read in here."""
    return bool(one @ other > 1 - (1e-6 if passage_precision("cpu") == "fp32" else 1e-4))


@pytest.fixture(scope="session")
def embedder() -> SentenceEmbedder:
    return get_embedder()


def test_it_is_an_embedder_that_names_its_weights(embedder: SentenceEmbedder) -> None:
    as_protocol: Embedder = embedder
    assert as_protocol.model == f"all-MiniLM-L6-v2@{PACKAGED_SHA256[:12]}"


def test_tokens_and_facts_need_no_model() -> None:
    fresh = SentenceEmbedder()
    assert (fresh.dimensions, fresh.max_tokens) == (384, 256)
    assert fresh.token_spans("Refunds") != []
    assert fresh.load_ms == 0


def test_what_is_stated_is_what_the_model_has(embedder: SentenceEmbedder) -> None:
    by_folder = SentenceEmbedder(str(packaged_folder()))
    assert (by_folder.dimensions, by_folder.max_tokens) == (embedder.dimensions, embedder.max_tokens)
    assert by_folder.load_ms > 0
    np.testing.assert_allclose(by_folder.embed_query("a"), embedder.embed_query("a"), atol=1e-6)


def test_vectors_are_those_of_sentence_transformers(embedder: SentenceEmbedder) -> None:
    needs("openvino")
    assert on_openvino(packaged_folder(), "cpu")
    texts = ["", "short", LONG, "odd \ud800 text", "😀", "Wie lange dauert das?"]
    theirs = SentenceEmbedder(str(packaged_folder()))
    for text in (*texts[:3], *texts[4:]):
        np.testing.assert_allclose(embedder.embed_query(text), theirs.embed_query(text), atol=1e-6)
        assert alike(embedder.embed([text])[0], theirs.embed([text])[0])
    assert np.isfinite(embedder.embed([texts[3]])).all()


def test_without_openvino_the_packaged_model_runs_on_torch(
    embedder: SentenceEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = embedder.embed_query("How long?")
    monkeypatch.setattr("rag_core.inference.engine.find_spec", lambda name: None)
    fresh = SentenceEmbedder()
    np.testing.assert_allclose(fresh.embed_query("How long?"), before, atol=1e-6)
    assert fresh.model == embedder.model


def test_a_lone_surrogate_is_one_token_or_part_of_one(embedder: SentenceEmbedder) -> None:
    text = "odd \ud800 text"
    assert [text[start:end] for start, end in embedder.token_spans(text)] == ["odd", "\ud800", "text"]


def test_vectors_are_unit_and_in_the_order_of_the_texts(embedder: SentenceEmbedder) -> None:
    texts = ["short", LONG, "", "How long does a refund take?", "shipping costs in Norway"]
    vectors = embedder.embed(texts)
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(embedder.embed([text])[0], vector, atol=1e-5)


def test_meaning_is_near(embedder: SentenceEmbedder) -> None:
    query = embedder.embed_query("When do I get my money back?")
    refund, shipping = embedder.embed(["Refunds arrive in five days.", "We ship to Norway on Tuesdays."])
    assert query @ refund > query @ shipping + 0.2


def test_progress_ends_at_the_total(embedder: SentenceEmbedder) -> None:
    seen: list[tuple[int, int]] = []
    embedder.embed(["a"] * (SLICE + 1), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(SLICE, SLICE + 1), (SLICE + 1, SLICE + 1)]
    assert embedder.embed([]).shape == (0, 384)


def test_token_spans_are_of_the_text_untruncated(embedder: SentenceEmbedder) -> None:
    text = "Héllo KB-42!"
    assert [text[start:end] for start, end in embedder.token_spans(text)] == ["Héllo", "KB", "-", "42", "!"]
    assert len(embedder.token_spans("word " * 5000)) == 5000
    embedder.embed([LONG])  # the model truncates; its tokenizer is not ours
    assert embedder.token_spans(LONG)[-1] == (len(LONG) - 2, len(LONG) - 1)
    assert embedder.token_spans("") == []


def test_threads_may_share_it(embedder: SentenceEmbedder) -> None:
    texts = ["short", LONG, "a question of middling length about refunds"] * 4
    alone = [embedder.embed_query(text) for text in texts[:3]]
    with ThreadPoolExecutor(8) as pool:
        for vector, expected in zip(pool.map(embedder.embed_query, texts), alone * 4, strict=True):
            np.testing.assert_allclose(vector, expected, atol=1e-5)


def test_one_embedder_a_process() -> None:
    assert get_embedder() is get_embedder("packaged", "cpu")
    assert get_embedder() is not get_embedder("elsewhere")


def test_a_folder_that_is_no_model_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no"):
        _ = SentenceEmbedder(str(tmp_path)).model
    with pytest.raises(ModelError, match="holds no"):
        SentenceEmbedder(str(tmp_path)).embed_query("a")


@pytest.mark.parametrize("name", ["1_Pooling/config.json", "modules.json", "tokenizer_config.json"])
def test_a_folder_is_another_model_where_anything_that_changes_a_vector_does(tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(packaged_folder(), tmp_path / "model"))
    before = SentenceEmbedder(str(folder)).model
    (folder / "README.md").write_text("words do not count")
    assert SentenceEmbedder(str(folder)).model == before
    (folder / name).write_text((folder / name).read_text() + "\n")
    assert SentenceEmbedder(str(folder)).model != before


def test_the_identity_is_that_of_what_was_loaded(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(packaged_folder(), tmp_path / "model"))
    pooling = folder / "1_Pooling" / "config.json"
    fresh = SentenceEmbedder(str(folder))
    before = fresh.model
    pooling.write_text(pooling.read_text() + "\n")  # replaced before it is loaded
    fresh.embed_query("a")
    loaded = fresh.model
    assert loaded != before
    pooling.write_text(pooling.read_text() + "\n")  # and again after that
    assert fresh.model == loaded != SentenceEmbedder(str(folder)).model


def test_damaged_weights_are_said_to_be(tmp_path: Path) -> None:
    folder = shutil.copytree(packaged_folder(), tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="could not be loaded"):
        SentenceEmbedder(str(folder)).embed_query("a")


def test_a_name_that_is_nowhere_is_said_without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="Give the folder"):
        SentenceEmbedder("nobody/no-such-model").embed_query("a")


def _with_config(folder: Path, **config: object) -> Path:
    """The packaged model under another config of sentence-transformers; its files are linked, not copied."""
    shutil.copytree(packaged_folder(), folder, copy_function=os.symlink)
    place = folder / "config_sentence_transformers.json"
    before = json.loads(place.read_text(encoding="utf-8"))
    place.unlink()
    place.write_text(json.dumps({**before, **config}), encoding="utf-8")
    return folder


def test_questions_and_passages_get_the_prompts_of_the_models_own_config(
    embedder: SentenceEmbedder, tmp_path: Path
) -> None:
    prompts = {"query": "query: ", "passage": "passage: "}
    theirs = SentenceEmbedder(str(_with_config(tmp_path / "e5", prompts=prompts)))
    np.testing.assert_allclose(theirs.embed_query("how long"), embedder.embed_query("query: how long"), atol=1e-5)
    assert alike(theirs.embed(["30 days"])[0], embedder.embed(["passage: 30 days"])[0])
    assert theirs.max_tokens == 256 - len(embedder.token_spans("passage: "))


def test_a_prompt_that_the_config_implies_is_part_of_the_identity(tmp_path: Path) -> None:
    passage = _with_config(tmp_path / "a" / "e5", prompts={"query": "query: ", "passage": "passage: "})
    document = _with_config(tmp_path / "b" / "e5", prompts={"query": "query: ", "document": "passage: "})
    theirs = SentenceEmbedder(str(passage), dimensions=64)
    before = theirs.model
    assert before.endswith("?dimensions=64&passage=passage:%20")
    theirs.embed(["30 days"])
    assert theirs.model == before
    assert "?" not in SentenceEmbedder(str(document)).model
    assert SentenceEmbedder(str(passage), passage="").model.endswith("?passage=")


@pytest.mark.parametrize("words", [245, 400])
def test_a_prompt_that_leaves_no_room_for_a_passage_is_an_error(tmp_path: Path, words: int) -> None:
    folder = _with_config(tmp_path / "e5", prompts={"query": "", "document": "word " * words})
    with pytest.raises(ModelError, match=rf"256 tokens, and what is put before each passage has {words}"):
        _ = SentenceEmbedder(str(folder)).max_tokens
    assert SentenceEmbedder(str(folder), passage="passage: ").max_tokens == 254


def test_a_model_without_a_limit_reads_whole_passages(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(packaged_folder() / "tokenizer.json"))
    weights = np.random.default_rng(0).normal(size=(tokenizer.get_vocab_size(), 8)).astype(np.float32)
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu").save(
        str(tmp_path)
    )
    static = SentenceEmbedder(str(tmp_path))
    made = rag_core.index(texts=["Refunds take thirty days. " * 400], embedder=static)
    assert static.max_tokens == 8192
    assert len(made.passages) > 1


def test_prompts_of_ones_own_take_the_place_of_the_configs(embedder: SentenceEmbedder, tmp_path: Path) -> None:
    folder = _with_config(tmp_path / "e5", prompts={"query": "query: ", "document": "passage: "})
    other = SentenceEmbedder(str(folder), query="ask: ", passage="")
    np.testing.assert_allclose(other.embed_query("how long"), embedder.embed_query("ask: how long"), atol=1e-5)
    assert alike(other.embed(["30 days"])[0], embedder.embed(["30 days"])[0])
    assert not alike(other.embed(["30 days"])[0], embedder.embed(["passage: 30 days"])[0])
    assert other.model != SentenceEmbedder(str(folder)).model


def test_shorter_vectors_are_the_beginning_of_whole_ones_at_length_one(embedder: SentenceEmbedder) -> None:
    short = embedder_of_key(parse_key("packaged?dimensions=64"))
    whole = embedder.embed(["30 days"])[0][:64]
    np.testing.assert_allclose(short.embed(["30 days"])[0], whole / np.linalg.norm(whole), atol=1e-6)
    assert short.dimensions == len(short.embed_query("how long")) == 64
    assert short.model == f"{embedder.model}?dimensions=64"
    assert short.embed_with_tokens(["30 days"])[0].shape == (1, 64)


def test_longer_vectors_than_the_model_makes_cannot_be_asked_for() -> None:
    with pytest.raises(ModelError, match="vectors of 384 numbers"):
        SentenceEmbedder(dimensions=500).embed(["30 days"])


def test_a_passage_with_something_before_it_gives_no_token_vectors(embedder: SentenceEmbedder) -> None:
    prompted = SentenceEmbedder(passage="passage: ")
    np.testing.assert_allclose(prompted.embed(["30 days"]), embedder.embed(["passage: 30 days"]), atol=1e-6)
    assert prompted.token_model() == ""
