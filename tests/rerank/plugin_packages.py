"""Tiny distributions that bring rerankers, written the way pip installs them: a module and its metadata."""

from __future__ import annotations

from pathlib import Path

GOOD = """
from rag_core.rerank.fixed import FixedReranker
from rag_core.rerank.kinds import RerankerKind
from rag_core.schema.spaces import ScoreSpace


class Toy(FixedReranker):
    @classmethod
    def from_spec(cls, spec):
        return cls({spec.name: 7.0})


KIND = RerankerKind(name="toy", factory="toy_reranker:Toy.from_spec", prefixes=("toy:",), space=ScoreSpace.LOGIT)
"""
LISTED = (
    GOOD.replace('prefixes=("toy:",), ', "entries=(ENTRY,), ")
    .replace("KIND =", 'ENTRY = Entry(key="word-count", label="Words", kind="toy", space=ScoreSpace.UNKNOWN)\nKIND =')
    .replace("import RerankerKind", "import RerankerKind\nfrom rag_core.rerank.entry import Entry")
)
"""A kind whose one reranker is listed by name, with scores of no known kind."""
PARTIAL = """
from rag_core.rerank.kinds import RerankerKind
from rag_core.schema.spaces import ScoreSpace


class Toy:
    space, model, load_ms = ScoreSpace.LOGIT, "toy", 0.0

    def load(self): ...

    def score(self, query, passages, progress=None): ...

    @classmethod
    def from_spec(cls, spec):
        return cls()


KIND = RerankerKind(name="toy", factory="toy_reranker:Toy.from_spec", prefixes=("toy:",), space=ScoreSpace.LOGIT)
"""
BROKEN = "raise ImportError('libtoy.so is gone')"
NOT_A_KIND = "KIND = 'toy'"
TAKEN = GOOD.replace('name="toy"', 'name="greedy"').replace('("toy:",)', '("colbert:",)')


def install(folder: Path, package: str, source: str, name: str = "toy") -> None:
    """Put a distribution into a folder that is on `sys.path`; its module is the package's name with underscores."""
    module = package.replace("-", "_")
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (folder / f"{module}.py").write_text(source)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[second_pass.rerankers]\n{name} = {module}:KIND\n")
