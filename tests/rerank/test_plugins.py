"""Rerankers that other packages bring: used where they work, named where they do not, never fatal."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_core.errors import BadInput, ModelError
from rag_core.rerank.access import Credentials
from rag_core.rerank.base import Reranker
from rag_core.rerank.catalogue import entry_of, get_reranker, usable
from rag_core.rerank.registry import BUILT_IN, broken_plugins, kinds, reload_plugins
from rag_core.rerank.requirements import unmet_requirement
from rag_core.schema.protocols import missing_members
from rag_core.schema.spaces import ScoreSpace
from tests.rerank.plugin_packages import BROKEN, GOOD, LISTED, NOT_A_KIND, PARTIAL, TAKEN, install

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


def test_a_reranker_that_is_listed_by_name_is_offered_and_named(site: Path) -> None:
    install(site, "toy-reranker", LISTED)
    reload_plugins()
    assert "word-count" in usable()
    with pytest.raises(BadInput, match=r"Known are: .*word-count.*none;"):
        entry_of("nobody")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (BROKEN, "its import failed (ImportError: libtoy.so is gone)"),
        (NOT_A_KIND, "it is a str, not a RerankerKind"),
        (TAKEN, "keys that begin with colbert: belong to the kind 'ColBERT'"),
        (GOOD.replace('name="toy"', 'name="blend"'), "there is a kind 'blend' already"),
        (PARTIAL, "Toy defines or announces no identified and no runs_on and no slice_size."),
        (GOOD.replace("Toy.from_spec", "Gone.from_spec"), "toy_reranker:Gone.from_spec could not be imported"),
        (GOOD.replace("toy_reranker:Toy", "gone:Toy"), "gone:Toy.from_spec could not be imported (ModuleNotFoundError"),
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


def test_a_plug_in_whose_package_is_missing_is_kept_and_says_what_to_install(site: Path) -> None:
    lacking = GOOD.replace('prefixes=("toy:",)', 'prefixes=("toy:",), packages=("libtoy",)')
    install(site, "toy-reranker", lacking.replace("Toy.from_spec", "Gone.from_spec"))
    reload_plugins()
    assert broken_plugins() == ()
    assert "libtoy" in unmet_requirement(entry_of("toy:x"))
    with pytest.raises(ModelError, match="toy rerankers could not be imported"):
        get_reranker("toy:x")


def test_what_a_factory_makes_is_looked_at_too(site: Path) -> None:
    function = PARTIAL.replace("toy_reranker:Toy.from_spec", "toy_reranker:make")
    install(site, "toy-reranker", f"{function}\n\ndef make(spec):\n    return Toy()\n")
    reload_plugins()
    assert broken_plugins() == ()
    with pytest.raises(ModelError, match="Toy has no identified and no runs_on and no slice_size"):
        get_reranker("toy:x")


def test_looking_at_a_reranker_reads_nothing_of_it() -> None:
    class Loud(Fields):
        @property
        def model(self) -> str:
            raise AssertionError("it was read")

    assert missing_members(Reranker, Loud()) == missing_members(Reranker, Loud) == []


class Fields:
    """A reranker as far as its members go; `slice_size` is only announced."""

    space, runs_on, identified, load_ms = ScoreSpace.LOGIT, "", True, 0.0
    slice_size: int

    def __init__(self) -> None:
        self.slice_size = 1

    def load(self) -> None: ...

    def score(self, query: str, passages: list[str], progress: object = None) -> None: ...
