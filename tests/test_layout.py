"""The shape of the library: what may import what, what lies at the top."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "rag_core"
LAYERS = (
    ("schema", "errors", "settings", "installation"),
    ("inference", "corpus", "retrieval", "rerank", "generation", "storage", "jobs"),
    ("pipeline",),
    ("diagnosis", "analysis", "evaluation", "runs", "wording"),
    ("finetune", "triage", "report"),
    ("cli", "api", "testing"),
)
"""A part imports from its own row and the rows before it, never from a later one."""

FORMATS = ("rag_core.wording.durations", "rag_core.wording.numbers", "rag_core.wording.step_warnings")
"""How numbers and durations are written, and the sentences that a trace stores: known to every part."""

RANK = {part: row for row, parts in enumerate(LAYERS) for part in parts}
MOST_LINES = 250
ROOT = PACKAGE.parent
SOURCES = [path for folder in ("rag_core", "ui", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]

MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] in RANK]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, part) of what a module imports from the library as it is loaded."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rag_core."):
            named = {f"{node.module}.{one.name}" for one in node.names}
            if node.module not in FORMATS and not named <= set(FORMATS):
                yield node.lineno, node.module.split(".")[1]


def test_what_every_part_may_write_with_knows_only_values() -> None:
    files = [ROOT / f"{name.replace('.', '/')}.py" for name in FORMATS]
    assert {part for file in files for _, part in imports(file)} <= {"schema"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    own = RANK[path.relative_to(PACKAGE).with_suffix("").parts[0]]
    assert [(line, part) for line, part in imports(path) if RANK[part] > own] == []


def test_every_part_has_its_layer() -> None:
    parts = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in PACKAGE.rglob("*.py")}
    assert parts - RANK.keys() <= {"__init__", "__main__", "models"}


def test_few_modules_lie_at_the_top() -> None:
    assert len([path for path in PACKAGE.glob("*.py") if not path.name.startswith("__")]) <= 4


def test_no_module_is_too_long_to_read_in_one_go() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_a_page_has_no_text_outside_of_its_functions(path: Path) -> None:
    """Streamlit draws any text that stands alone in the script of a page."""
    first, *rest = ast.parse(path.read_text(encoding="utf-8")).body
    alone = [one.lineno for one in rest if isinstance(one, ast.Expr) and not isinstance(one.value, ast.Call)]
    assert isinstance(first, ast.Expr) and alone == []
