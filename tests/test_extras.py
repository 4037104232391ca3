"""Without an optional package, what needs it says which extra to install; nothing else needs it."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from rag_core.installation.extras import EXTRAS, install_command

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "rag_core"


@dataclass(frozen=True)
class Use:
    """A module of the library that imports an optional package, and code that gets there. `folder` is empty."""

    file: str
    extra: str
    code: str


SHIPPED = "from rag_core.rerank.shipped import MODELS; shipped = MODELS / 'second-pass-minilm-v3'"
CROSS_ENCODER = "from rag_core.rerank.cross_encoder import CrossEncoderReranker as C"
CHAT = "from rag_core.generation.chat.access import ChatAccess"
CLIENT = "from rag_core.generation.chat.client import greet"
GRADER = "from rag_core.rerank.llm_grader import LanguageModelReranker as L"
HOSTED = "from rag_core.rerank.hosted.service import HostedReranker as H"

USES = (
    Use(
        "rerank/weights/torch_models.py",
        "torch",
        f"{SHIPPED}; {CROSS_ENCODER}; C(str(shipped), backend='torch').load()",
    ),
    Use(
        "rerank/weights/backends.py",
        "onnx",
        f"""{SHIPPED}; {CROSS_ENCODER}
[(folder / file.name).symlink_to(file) for file in shipped.iterdir()]
(folder / 'onnx').mkdir()
(folder / 'onnx' / 'model.onnx').touch()
C(str(folder), backend='onnx').load()""",
    ),
    Use(
        "rerank/colbert.py",
        "torch",
        """from rag_core.rerank.colbert import ColbertReranker
(folder / 'config.json').write_text('{"architectures": ["HF_ColBERT"]}')
ColbertReranker(str(folder)).load()""",
    ),
    Use("rerank/t5.py", "t5", "from rag_core.rerank.t5 import PackagedReranker as P; P('t5', str(folder)).load()"),
    Use(
        "retrieval/embedders/transformer.py",
        "torch",
        """from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder as S
(folder / 'model.safetensors').touch()
S(str(folder)).embed(['x'])""",
    ),
    Use(
        "inference/encoder.py",
        "torch",
        f"from rag_core.inference.encoder import load_encoder; {SHIPPED}; load_encoder(shipped, 'cuda')",
    ),
    Use("inference/tokenizer.py", "torch", "from rag_core.inference.tokenizer import load_tokenizer as t; t(folder)"),
    Use(
        "finetune/train.py",
        "train",
        "from rag_core.finetune.train import train; train(folder, [], folder / 'new', None, bool)",
    ),
    Use(
        "generation/chat/client.py",
        "chat",
        f"{CHAT}; {CLIENT}; greet(ChatAccess())",
    ),
    Use(
        "rerank/llm_grader.py",
        "chat",
        f"{CHAT}; {GRADER}; L(ChatAccess(), 'pointwise').load()",
    ),
    Use(
        "rerank/hosted/connection.py",
        "hosted",
        f"{HOSTED}; H.named('tei:http://localhost:1', None).load()",
    ),
    Use(
        "rerank/hosted/connection.py",
        "hosted",
        """from rag_core.retrieval.embedders.choosing import embedder_for
embedder_for('vllm:http://localhost:1#m').embed(['x'])""",
    ),
    Use(
        "runs/live/request.py",
        "hosted",
        "from rag_core.runs.live import *; LiveRetriever('A', RetrieverConfig(url='http://localhost:1')).ask('x')",
    ),
    Use(
        "retrieval/engines/rest/client.py",
        "hosted",
        """from rag_core.retrieval.engines.rest.client import *
RestServer(IndexConfig(kind='x', address='http://localhost:1'), None, Access(), lambda *_: None).ask('GET', '/')""",
    ),
    Use(
        "runs/collector/server.py",
        "collect",
        "from rag_core.runs.collector.server import application; application(None, None)",
    ),
    Use(
        "runs/collector/in_process.py",
        "collect",
        "from rag_core.runs.collector.in_process import *; collecting(CollectorAddress.of('4318'), '', None)",
    ),
    Use(
        "runs/spans/otlp.py",
        "collect",
        "from rag_core.runs.spans.otlp import spans_of_protobuf; spans_of_protobuf(b'')",
    ),
    Use(
        "cli/collect.py",
        "collect",
        "from rag_core.cli.main import _parser as p; g = p().parse_args(['collect']); g.run(g)",
    ),
    Use(
        "cli/mcp_server.py",
        "mcp",
        "from rag_core.cli.main import _parser as p; g = p().parse_args(['mcp']); g.run(g)",
    ),
    Use(
        "retrieval/engines/postgres/connection.py",
        "postgres",
        """from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.postgres.index import PgVectorIndex as I
I(IndexConfig(kind='pgvector', address='postgresql://a@localhost/b', index='t'), None).count()""",
    ),
    Use(
        "retrieval/engines/milvus/by_grpc.py",
        "milvus",
        """from rag_core.retrieval.engines.index_config import IndexConfig
from rag_core.retrieval.engines.milvus.index import MilvusIndex as I
I(IndexConfig(kind='milvus', address='milvus+grpc://localhost:1', index='t'), None).count()""",
    ),
    Use(
        "storage/database.py",
        "postgres",
        "from rag_core.storage.database import Store; Store('postgresql+psycopg://a@localhost/b').begin().__enter__()",
    ),
)

REACHED_LATER = {
    "rerank/hosted/http.py",
    "rerank/hosted/identity.py",
    "generation/chat/replies.py",
    "rerank/weights/conversion.py",
    "retrieval/embedders/conversion.py",
    "retrieval/embedders/converted_states.py",
    "retrieval/engines/postgres/bm25.py",
    "retrieval/engines/postgres/catalog.py",
    "retrieval/engines/postgres/conditions.py",
    "retrieval/engines/postgres/langchain.py",
    "retrieval/engines/postgres/own_statements.py",
    "retrieval/engines/postgres/statements.py",
}
"""Imports a package that the module before it on every path has imported already."""


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.file}-{use.extra}")
def test_where_it_is_missing_the_error_says_what_to_install(use: Use, tmp_path: Path) -> None:
    blocked = [module for module, extra in EXTRAS.items() if extra == use.extra]
    code = f"""
import sys
from pathlib import Path
from rag_core.errors import MissingPackage
sys.modules.update(dict.fromkeys({blocked!r}))
folder = Path(sys.argv[1])
try:
    exec({use.code!r})
except MissingPackage as exc:
    print(exc)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip().endswith(f"Install it with: pip install 'second-pass[{use.extra}]'"), done.stderr


@pytest.mark.parametrize(
    ("key", "extra"),
    [
        ("cross-encoder:nobody/model", "torch"),
        ("colbert:nobody/model", "torch"),
        ("rerankers:t5:nobody/model", "t5"),
        ("cohere:rerank-v3.5", "hosted"),
        ("tei:http://localhost:1", "hosted"),
    ],
)
def test_the_list_of_rerankers_says_so_too_and_the_packaged_ones_stay(key: str, extra: str) -> None:
    code = f"""
import sys
sys.modules.update(dict.fromkeys({sorted(EXTRAS)!r}))
from rag_core.rerank.catalogue import entry_of, usable
from rag_core.rerank.requirements import unmet_requirement
print(unmet_requirement(entry_of({key!r})))
print(*usable())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    said, usable = done.stdout.splitlines()
    assert extra in said.partition("second-pass[")[2].rstrip("]'").split(","), done.stderr
    assert usable.split() == [
        "second-pass-minilm-v3+late-interaction",
        "late-interaction",
        "second-pass-minilm-v3",
        "none",
    ]


def test_every_module_that_imports_an_optional_package_is_tried_above() -> None:
    tried = {use.file for use in USES} - {"storage/database.py"}  # SQLAlchemy imports its driver
    assert {file for file, _ in optional_imports()} == tried | REACHED_LATER
    assert {use.extra for use in USES} | {"app"} == set(EXTRAS.values())


def test_none_is_imported_before_it_is_used() -> None:
    assert [(file, node.lineno) for file, node in optional_imports() if not node.col_offset] == []


def optional_imports() -> list[tuple[str, ast.AST]]:
    """(path below rag_core, import) of every import of an optional package that is not only for the type checker."""
    return [
        (path.relative_to(PACKAGE).as_posix(), node)
        for path in PACKAGE.rglob("*.py")
        for node in _statements(ast.parse(path.read_text(encoding="utf-8")))
        if set(_roots(node)) & set(EXTRAS)
    ]


def _statements(tree: ast.Module) -> list[ast.AST]:
    typing = {id(node) for part in ast.walk(tree) if _is_type_checking(part) for node in ast.walk(part)}
    return [node for node in ast.walk(tree) if id(node) not in typing]


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _roots(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [(node.module or "").split(".")[0]]
    return []


def test_several_modules_of_one_extra_are_one_command() -> None:
    assert install_command("torch", "transformers", "rerankers") == "pip install 'second-pass[t5,torch]'"
