"""Why a rival stood where it stood, and the notes on a diagnosis, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rag_core.diagnosis.facts import Recorded
from rag_core.diagnosis.reasons import (
    ByPlace,
    ByScore,
    BySearch,
    BySignal,
    Deeper,
    DidNotRun,
    EndUnread,
    Note,
    PastDense,
    SearchRank,
)
from rag_core.diagnosis.run_facts import ByStep, OpenQuestion
from rag_core.diagnosis.verdicts import Rival
from rag_core.wording.numbers import ordinal, score_number, score_text
from rag_core.wording.past_dense import deeper, past_dense
from rag_core.wording.recorded_verdicts import left_open, why_above


def why(rival: Rival) -> str:
    """`probability 0.15 against 0.12`: why it stood there and the expected passage did not."""
    return _WORDS[type(rival.why)](rival.why)


def note_text(note: Note) -> str:
    """A note as a sentence or two."""
    return _WORDS[type(note)](note)


def _by_search(reason: BySearch) -> str:
    return f"{_ranks(reason.theirs)}; the expected passage {_ranks(reason.ours)}"


def _ranks(ranks: Sequence[SearchRank]) -> str:
    return ", ".join(map(_rank, ranks))


def _rank(one: SearchRank) -> str:
    name = f"“{one.search}” {one.step}" if one.search else one.step
    return f"not in {name}" if one.rank is None else f"{name} {ordinal(one.rank)}"


def _by_score(reason: ByScore) -> str:
    """The space is named once."""
    space = reason.theirs.space
    text = score_text(reason.theirs.score, space)
    if reason.ours is not None:
        text = f"{text} against {score_number(reason.ours, space)}"
    return text if reason.came_from is None else f"{text}; it came from {ordinal(reason.came_from)}"


def _by_place(reason: ByPlace) -> str:
    return f"given as passage {reason.theirs}, the expected one as passage {reason.ours}"


def _by_signal(reason: BySignal) -> str:
    return f"{reason.signal} {reason.theirs:.2f} against {reason.ours:.2f} (weight {reason.weight:g})"


def _did_not_run(note: DidNotRun) -> str:
    return f"The {note.role} {note.name} did not run: {note.reason}"


def _end_unread(note: EndUnread) -> str:
    return (
        f"The reranker did not read the last {note.unseen_tokens} of this passage's {note.tokens} tokens. "
        "Enter the sentence that answers to see whether it is in that part."
    )


def _recorded(words: Recorded) -> str:
    return words.recorded_sentence


_WORDS: dict[type, Callable[[Any], str]] = {
    BySearch: _by_search,
    ByScore: _by_score,
    ByPlace: _by_place,
    BySignal: _by_signal,
    DidNotRun: _did_not_run,
    EndUnread: _end_unread,
    ByStep: why_above,
    OpenQuestion: left_open,
    Deeper: deeper,
    PastDense: past_dense,
    Recorded: _recorded,
}
