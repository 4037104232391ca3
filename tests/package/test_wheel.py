"""The wheel, installed into an empty environment as a user installs it: no torch, no files of the app at the top."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUESTION = "How long do I have to ask for a refund?"
LINES = f"""
import sys
import rag_core
from rag_core.settings import Settings

collection = rag_core.index(Settings().sample_dir / "documents")
trace = rag_core.Pipeline(collection).run({QUESTION!r}, top_k=5)
assert trace.kept[0].text and trace.kept[0].ranks["kept"] == 1
assert trace.answer().citations
assert not {{"torch", "streamlit"}} & set(sys.modules)
print(trace)
"""

pytestmark = pytest.mark.package


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and its base dependencies, and nothing else."""
    folder = tmp_path_factory.mktemp("package")
    run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", folder, ROOT], folder)
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    run([python, "-m", "pip", "install", "-q", *folder.glob("second_pass-*.whl")], folder)
    return folder / "env" / "bin"


def run(command: list[object], folder: Path) -> str:
    """What the command printed; it runs outside the checkout and without its settings."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("SECOND_PASS", "PYTHON"))}
    env["SECOND_PASS_DATA_DIR"] = str(folder / "data")
    done = subprocess.run(list(map(str, command)), cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_base_install_runs_the_default_pipeline_without_torch(installed: Path, tmp_path: Path) -> None:
    assert QUESTION in run([installed / "python", "-c", LINES], tmp_path)


def test_the_command_answers(installed: Path, tmp_path: Path) -> None:
    assert "[1]" in run([installed / "second-pass", "ask", QUESTION], tmp_path)
    assert run([installed / "second-pass", "--version"], tmp_path).strip().endswith("0.2.0")


def test_the_app_lies_inside_the_package_and_names_the_extra_that_it_needs(installed: Path, tmp_path: Path) -> None:
    code = "import importlib.metadata as m; print(*sorted({f.parts[0] for f in m.files('second-pass')}))"
    tops = run([installed / "python", "-c", code], tmp_path).split()
    assert [top for top in tops if not top.startswith(("rag_core", "second_pass-", ".."))] == []
    done = subprocess.run([str(installed / "second-pass"), "app"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "second-pass[app]" in done.stderr
