"""Every row of the registry is whole: its factory can be imported, and keys with its prefixes are described by it."""

from __future__ import annotations

from pkgutil import resolve_name

import pytest

from rag_core.rerank.catalogue import CATALOGUE, NONE, entry_of, get_reranker
from rag_core.rerank.entry import Entry
from rag_core.rerank.kinds import RerankerKind
from rag_core.rerank.registry import BUILT_IN, kind_named, kind_of, kinds
from rag_core.schema.spaces import ScoreSpace


@pytest.mark.parametrize("kind", BUILT_IN, ids=lambda kind: kind.name)
def test_a_row_is_whole(kind: RerankerKind) -> None:
    assert callable(resolve_name(kind.factory))
    assert kind.fault() == ""
    assert kind.space or kind.describe
    assert all(entry.kind == kind.name and entry.space in (kind.space or entry.space,) for entry in kind.entries)


@pytest.mark.parametrize("kind", [kind for kind in BUILT_IN if kind.prefixes], ids=lambda kind: kind.name)
def test_any_key_with_a_prefix_is_described(kind: RerankerKind) -> None:
    for prefix in kind.prefixes:
        key = f"{prefix}http://maker/model"
        assert kind_of(key) is kind
        entry = entry_of(key)
        assert (entry.key, entry.kind, entry.needs) == (key, kind.name, kind.needs)
        assert entry.label and entry.note


def test_no_prefix_is_part_of_another() -> None:
    prefixes = [prefix for kind in kinds().values() for prefix in kind.prefixes]
    assert not [(one, other) for one in prefixes for other in prefixes if one != other and one.startswith(other)]


def test_everything_that_ships_can_be_made() -> None:
    made = {key: get_reranker(key) for key in CATALOGUE if key != NONE}
    assert all(reranker.space is CATALOGUE[key].space for key, reranker in made.items())
    assert all(reranker.slice_size == 1 and isinstance(reranker.runs_on, str) for reranker in made.values())
    assert kind_named("none") is None


def test_a_row_that_is_not_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="module:callable"):
        RerankerKind(name="x", factory="nowhere")
    with pytest.raises(ValueError, match="end with a colon"):
        RerankerKind(name="x", factory="a:b", prefixes=("x",), space=ScoreSpace.LOGIT)
    with pytest.raises(ValueError, match="what its scores mean"):
        RerankerKind(name="x", factory="a:b", prefixes=("x:",))
    with pytest.raises(ValueError, match="prefixes or entries"):
        RerankerKind(name="x", factory="a:b", space=ScoreSpace.LOGIT)


def test_a_row_describes_its_keys_by_itself() -> None:
    kind = RerankerKind(name="toy", factory="a:b", prefixes=("toy:",), space=ScoreSpace.GRADE, note="A toy.")
    assert kind.entry("toy:maker/model") == Entry(
        key="toy:maker/model", label="model", kind="toy", model="maker/model", space=ScoreSpace.GRADE, note="A toy."
    )
