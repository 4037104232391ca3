"""Everything that is imported is pinned, or comes along with something that is."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OPTIONAL = {"onnxruntime", "onnx", "psycopg", "rerankers"}
"""Imported inside an adapter that says what to install; pinned for the tests only."""


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


def imported(folders: tuple[str, ...]) -> set[str]:
    """Top-level names of all third-party imports below the folders."""
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    names: set[str] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names.add(node.module.split(".")[0])
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
