"""Token vectors in 128 bytes, and MaxSim over them, held against plain loops over the whole numbers."""

from __future__ import annotations

import numpy as np
import pytest

from rag_core.inference.token_codes import (
    BYTES,
    DIMENSIONS,
    LEVELS,
    QUERY_LEVELS,
    QueryCodes,
    TokenCodes,
    maxsim,
    passage_codes,
    projection,
    query_codes,
)

RNG = np.random.default_rng(4)
SPANS = [(0, 0), (0, 2), (3, 4), (0, 0)]  # [CLS], "go", "!", [SEP]


def states(count: int) -> np.ndarray:
    return RNG.standard_normal((count, 384)).astype(np.float32)


def numbers(one: TokenCodes) -> np.ndarray:
    """The whole numbers of a passage, from its bytes, one at a time."""
    found = np.zeros((len(one.codes), DIMENSIONS))
    for row, codes in enumerate(one.codes.tolist()):
        for place, byte in enumerate(codes):
            found[row, place], found[row, BYTES + place] = byte % 16 - 8, byte // 16 - 8
    return found


def cosines(given: np.ndarray) -> np.ndarray:
    unit = given / np.linalg.norm(given, axis=1, keepdims=True)
    return unit @ unit.T


def test_a_token_is_the_direction_of_its_projected_state() -> None:
    given = states(22)
    one = passage_codes([(0, 0), *[(i, i + 1) for i in range(20)], (0, 0)], given)
    assert (one.codes.dtype, one.codes.shape, one.tokens, one.seen_chars) == (np.uint8, (20, 128), 20, None)
    held = numbers(one)
    assert np.abs(held).max() == LEVELS
    projected = given[1:-1] @ projection().T
    for row, vector in enumerate(projected / np.linalg.norm(projected, axis=1, keepdims=True)):
        off = float(np.abs(vector).max()) / LEVELS / 2 + 0.01  # half a step, and what the scale adds
        np.testing.assert_allclose(held[row] * one.scales[row], vector, atol=off)
    assert np.abs(cosines(held) - cosines(projected)).max() < 0.05
    assert one.nbytes == 20 * (128 + 4)


def test_the_projection_keeps_lengths_as_well_as_256_orthogonal_directions_can() -> None:
    matrix = projection().astype(np.float64)
    assert matrix.shape == (256, 384)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(256), atol=1e-5)


def test_a_cut_text_says_how_far_it_was_read() -> None:
    spans = [(0, 0), (0, 2), (3, 5), (6, 8), (0, 0)]
    one = passage_codes(spans, states(4))  # [CLS], two tokens of three, [SEP]
    assert (one.tokens, len(one.codes), one.seen_chars) == (3, 2, 5)


def test_only_words_of_a_query_count_unless_it_has_none() -> None:
    assert len(query_codes("go !", SPANS, states(4)).numbers) == 1
    assert len(query_codes("?? !", SPANS, states(4)).numbers) == 2


def test_maxsim_is_the_mean_of_the_best_products() -> None:
    query = query_codes("go go", [(0, 0), (0, 2), (3, 5), (0, 0)], states(4))
    passages = [passage_codes([(0, 0), *[(0, 1)] * n, (0, 0)], states(n + 2)) for n in (3, 1, 7)]
    for score, one in zip(maxsim(query, passages), passages, strict=True):
        products = (query.numbers.astype(np.float64) @ numbers(one).T) * one.scales
        assert score == pytest.approx(float((products.max(axis=1) * query.scales).mean()), rel=1e-6)


def test_a_text_is_nearest_to_itself() -> None:
    given = states(9)
    spans = [(0, 0), *[(i, i + 1) for i in range(7)], (0, 0)]
    query = query_codes("abcdefg", spans, given)
    same, other = maxsim(query, [passage_codes(spans, given), passage_codes(spans, states(9))])
    assert same == pytest.approx(1, abs=0.03) and other < 0.5


def test_nothing_matches_nothing() -> None:
    none = passage_codes([(0, 0), (0, 0)], states(2))
    one = passage_codes(SPANS, states(4))
    query = query_codes("go !", SPANS, states(4))
    assert maxsim(query, [none, one, none])[::2] == [0.0, 0.0]
    assert maxsim(query_codes("", [(0, 0), (0, 0)], states(2)), [one]) == [0.0]
    assert maxsim(query, []) == []


def test_a_score_is_the_same_to_the_bit_in_any_company() -> None:
    query = query_codes("go !", SPANS, states(4))
    passages = [passage_codes([(0, 0), *[(0, 1)] * n, (0, 0)], states(n + 2)) for n in range(1, 120)]
    alone = [maxsim(query, [one])[0] for one in passages]
    assert maxsim(query, passages) == alone
    assert maxsim(query, passages[::-1]) == alone[::-1]
    assert maxsim(query, passages * 2) == alone * 2  # more than are multiplied at once


def test_the_largest_products_are_exact_in_float32() -> None:
    assert DIMENSIONS * 15 * QUERY_LEVELS < 2**24
    most = QueryCodes(np.full((1, DIMENSIONS), QUERY_LEVELS, np.float32), np.ones(1, np.float32))
    passage = TokenCodes(np.full((1, BYTES), 0xFF, np.uint8), np.ones(1, np.float32), 1, None)  # 15 - 8 = 7 everywhere
    assert maxsim(most, [passage]) == [float(DIMENSIONS * 7 * QUERY_LEVELS)]
