"""Rerankers that other packages bring: used where they work, named where they do not, never fatal."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_core.errors import ModelError
from rag_core.rerank.access import Credentials
from rag_core.rerank.catalogue import entry_of, get_reranker, usable
from rag_core.rerank.registry import BUILT_IN, broken_plugins, kinds, reload_plugins
from tests.rerank.plugin_packages import BROKEN, GOOD, NOT_A_KIND, TAKEN, install

BARE = Credentials({})


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on `sys.path` for distributions; the registry forgets them afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]
    monkeypatch.undo()
    importlib.invalidate_caches()
    reload_plugins()


def test_a_plug_ins_rerankers_are_made_by_their_key(site: Path) -> None:
    install(site, "toy-reranker", GOOD)
    reload_plugins()
    assert (list(kinds())[-1], broken_plugins()) == ("toy", ())
    key = "toy:the answer"
    assert entry_of(key).kind == "toy"
    assert get_reranker(key).score("q", ["the answer"]).pairs[0].score == 7.0
    assert key in usable(Credentials({}, added=(key,)))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (BROKEN, "its import failed (ImportError: libtoy.so is gone)"),
        (NOT_A_KIND, "it is a str, not a RerankerKind"),
        (TAKEN, "keys that begin with colbert: belong to the kind 'ColBERT'"),
        (GOOD.replace('name="toy"', 'name="blend"'), "there is a kind 'blend' already"),
    ],
)
def test_a_broken_plug_in_is_named_and_left_out(source: str, reason: str, site: Path) -> None:
    install(site, "toy-reranker", source)
    reload_plugins()
    assert list(kinds()) == [kind.name for kind in BUILT_IN]
    (broken,) = broken_plugins()
    assert str(broken).startswith("The plug-in toy of toy-reranker is not used: ")
    assert reason in str(broken)
    assert set(usable(BARE))


def test_a_plug_in_whose_factory_is_gone_is_a_sentence(site: Path) -> None:
    install(site, "toy-reranker", GOOD.replace("Toy.from_spec", "Gone.from_spec"))
    reload_plugins()
    with pytest.raises(ModelError, match="toy rerankers could not be imported"):
        get_reranker("toy:x")
