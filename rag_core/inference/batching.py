"""Token sequences into batches of a few fixed shapes. What a batch goes through is left to the adapters.

On a CPU a batch is one sequence: measured on two AVX2 cores with 20 to 400 tokens, that is as fast as batches of
eight sorted by length (2.5 against 2.9 CPU seconds for 24 sequences: no padding), and a score cannot depend on what
it was scored beside, which matrix kernels do not promise for batches of any other size.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

Made = TypeVar("Made")
Batch = tuple[int, list[int]]
"""Its width in tokens, and the places of its sequences."""


STEP = 8
ROWS = {"cpu": 1}
"""Sequences a batch, by device; 32 where not named."""
SINGLE = 4
"""Batches for each thread that are taken one by one at the end."""


def rows_for(device: str) -> int:
    """Sequences a batch on that device: rows_for("cpu") -> 1, rows_for("cuda") -> 32."""
    return ROWS.get(device, 32)


def width_of(length: int, most: int | None = None) -> int:
    """The least multiple of 8 that holds `length` tokens, never over `most`: 33 -> 40. Few shapes, little padding."""
    width = -(-length // STEP) * STEP
    return width if most is None else min(width, most)


def batches(lengths: Sequence[int], rows: int, most: int | None = None) -> Iterator[Batch]:
    """(width, places) of each batch, narrowest first; at most `rows` sequences, all of one width.

    A sequence's width follows from its own length alone, never from its company.

    list(batches([26, 500, 30], rows=2)) -> [(32, [0, 2]), (504, [1])]
    """
    by_width: dict[int, list[int]] = defaultdict(list)
    for place, length in enumerate(lengths):
        by_width[width_of(length, most)].append(place)
    for width in sorted(by_width):
        places = by_width[width]
        for start in range(0, len(places), rows):
            yield width, places[start : start + rows]


def run_batches(run: Callable[[Batch], Made], given: Sequence[Batch], at_once: int) -> Iterator[Made]:
    """run(batch) for each, in their order, from `at_once` threads.

    A thread takes two of one width after another, since a change of shape costs OpenVINO about a millisecond; the last
    few are taken one by one, so that all threads end together.
    """
    if at_once == 1 or len(given) < 2:
        yield from map(run, given)
        return
    last = max(0, len(given) - SINGLE * at_once)
    shares = [*_by_two(given[:last]), *([batch] for batch in given[last:])]
    with ThreadPoolExecutor(min(at_once, len(given))) as pool:
        for made in pool.map(lambda share: [run(batch) for batch in share], shares):
            yield from made


def _by_two(given: Sequence[Batch]) -> Iterator[list[Batch]]:
    """Neighbours of one width, two by two: of widths 32, 32, 32, 40 come shares of 2, 1 and 1."""
    for _, same in groupby(given, key=itemgetter(0)):
        batches_of_one = list(same)
        for start in range(0, len(batches_of_one), 2):
            yield batches_of_one[start : start + 2]
