"""What the documents name exists, and their Python runs."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path

import pytest

import rag_core
from rag_core.corpus.readers.registry import FORMATS
from rag_core.retrieval.engines.index_kinds import KINDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
ids = [path.name for path in DOCUMENTS]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
NAMED = re.compile(r"`((?:rag_core|ui|tests|benchmarks|training|docs|pages)/[\w./]+)`")
SNIPPET = re.compile(r"```python\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"python -m (benchmarks\.\w+)")


def test_every_format_is_named() -> None:
    text = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8").lower()
    assert [row.name for row in FORMATS if row.name.lower() not in text] == []


def test_every_kind_of_index_is_named() -> None:
    text = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
    assert [kind.label for kind in KINDS if kind.label not in text] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=ids)
def test_every_file_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    missing = [name for name in LINK.findall(text) if not (path.parent / name).exists()]
    missing += [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    missing += [name for name in COMMAND.findall(text) if not (ROOT / f"{name.replace('.', '/')}.py").is_file()]
    assert missing == []


def test_every_folder_of_the_library_is_on_the_map() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = [path.name for path in (ROOT / "rag_core").iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert [name for name in folders if f"{name}/" not in text] == []


@pytest.mark.parametrize(
    ("name", "code"),
    [(path.name, code) for path in DOCUMENTS for code in SNIPPET.findall(path.read_text(encoding="utf-8"))],
)
def test_the_python_runs(name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    if "rag_core.evaluate(" in code:
        pytest.skip("it scores the whole sample corpus; tests/test_api.py makes the same calls on a small set")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(code, name, "exec"), {})


def test_the_notebook_runs_and_shows_its_run() -> None:
    cells = json.loads((ROOT / "docs" / "first_steps.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "first_steps.ipynb", "exec"), names)
    trace = names["trace"]
    assert isinstance(trace, rag_core.Trace)
    assert "45 days" in trace.kept[0].text and "45 days" in trace._repr_html_()
