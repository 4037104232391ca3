"""The library never brings the app's packages along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.installing import needs

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "rag_core"
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.name != "__main__.py"
)


@pytest.mark.parametrize("forbidden", ["streamlit", "plotly"])
def test_no_module_of_the_library_imports(forbidden):
    code = "import importlib, sys\n" + "\n".join(f"importlib.import_module({name!r})" for name in MODULES)
    code += f"\nsys.exit({forbidden!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or f"{forbidden} came along"


def test_importing_the_library_loads_no_model_package():
    code = "import sys, rag_core.pipeline.pipeline; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_a_search_and_the_default_reranker_load_no_model_package():
    needs("openvino")
    code = """
import sys
from rag_core.schema.policy import DEFAULT_RERANKER
from rag_core.rerank.catalogue import get_reranker
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
get_embedder().embed_query("How long?")
get_reranker(DEFAULT_RERANKER).score("How long?", ["Thirty days."])
sys.exit(bool({"torch", "transformers", "sentence_transformers"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or "a model package came along"


def test_the_command_line_and_the_collector_start_without_tables():
    code = "import sys, rag_core.cli.main; sys.exit(bool({'pandas', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0, "pandas came along"


def test_the_library_starts_without_what_the_first_answer_does_not_need():
    code = """
import sys, rag_core
from tests.installing import needs
later = ("rag_core.evaluation", "rag_core.corpus.readers", "rag_core.corpus.loading", "rag_core.runs.importers",
         "rag_core.diagnosis", "pandas", "scipy")
sys.exit(" ".join(name for name in sys.modules if name.startswith(later)) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stderr} came along"
