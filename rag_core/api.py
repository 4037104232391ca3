"""The calls of the package's top level: index documents, rerank texts, evaluate policies, answer.

Each is a short way through modules that you can use by themselves. Nothing here asks a network, unless you name a model
or a service that does. What the first answer does not need (readers, evaluation, importers) is imported when it is
asked for: `import rag_core` stands before everything.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag_core.corpus.collection import Collection
from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.corpus.storage.library import Library
from rag_core.errors import BadInput, ModelError
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.catalogue import get_reranker
from rag_core.rerank.scoring import score_pairs
from rag_core.retrieval.embedders.choosing import embedder_for
from rag_core.retrieval.embedders.packaged import PACKAGED
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document, Passage
from rag_core.schema.files import SourceFile
from rag_core.schema.policy import DEFAULT_RERANKER, Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Hit
from rag_core.schema.threshold import relevance_space, to_relevance
from rag_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag_core.evaluation.policy_reports import PolicyReports
    from rag_core.retrieval.embedders.protocol import Embedder
    from rag_core.runs.importers.columns import Columns, StepMeaning
    from rag_core.runs.importers.source import OpenedRuns
    from rag_core.schema.progress import Progress


def index(
    source: str | Path | None = None,
    *,
    texts: Sequence[str | Document] | None = None,
    name: str | None = None,
    save: str | Path | None = None,
    chunking: Chunking | None = None,
    embedder: Embedder | str | None = None,
) -> Collection:
    """Read documents, cut them into passages, embed these and build both indexes.

        index("handbook")                                   # every file below a folder that can be read
        index(texts=["Refunds take 30 days.", "We ship."])  # or texts of your own; their ids are "0", "1", ...
        index("handbook", save="data/collections")          # kept on disk; again: only what has changed is embedded
        index("handbook", embedder="openai:text-embedding-3-small")     # another model (docs/embedders.md)

    The collection is in memory, unless `save` names the folder of collections that keeps it. A file that cannot be read
    is left out with a warning that names it. Raises BadInput where there is nothing to index.
    """
    if (source is None) == (texts is None):
        raise BadInput("Give either a folder or `texts`.")
    files: tuple[SourceFile, ...] = ()
    if texts is not None:
        documents = _documents(texts)
    else:
        documents, files = _read(Path(source or "."))
    called = name or (Path(source).resolve().name if source is not None else "Texts")
    settings, chunking = Settings(), chunking or Chunking()
    model = embedder_for(embedder or PACKAGED, settings) if embedder is None or isinstance(embedder, str) else embedder
    most = settings.token_vectors_bytes
    if save is not None:
        library = Library(Path(save), most_token_bytes=most)
        return library.build(called, documents, chunking, model, replace=True, files=files)
    plan = IndexingPlan(
        called, None, chunking, settings.exact_limit, files, engine=settings.engine, most_token_bytes=most
    )
    return index_documents(plan, documents, model)


def _documents(texts: Sequence[str | Document]) -> list[Document]:
    if isinstance(texts, str):
        raise BadInput("`texts` is one text. Give a list of texts.")
    return [one if isinstance(one, Document) else Document(id=str(at), text=one) for at, one in enumerate(texts)]


def _read(folder: Path) -> tuple[list[Document], tuple[SourceFile, ...]]:
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder}. Give a folder of documents, or `texts`.")
    from rag_core.corpus.loading.load import load_folder

    loaded = load_folder(folder)
    for problem in loaded.problems:
        warnings.warn(f"Left out: {problem}", UserWarning, stacklevel=3)
    if not loaded.documents:
        raise BadInput(f"Nothing below {folder} could be read.")
    return list(loaded.documents), loaded.files


@dataclass(frozen=True)
class RerankedText:
    """One text where a reranker ranked it. `index`: its place in your list; `space`: what `score` means."""

    rank: int
    index: int
    text: str
    score: float
    space: ScoreSpace


def rerank(query: str, texts: Sequence[str], model: str = DEFAULT_RERANKER) -> list[RerankedText]:
    """The texts, the most relevant first, each with its score; texts with the same score keep your order.

        rerank("How long do refunds take?", ["We ship worldwide.", "Refunds take 30 days."])[0].index  # 1

    Every text is read: there is no first pass here. model: a reranker's key, such as "late-interaction" or
    "cross-encoder:<folder or hub name>". A cross-encoder's logits come as probabilities. Raises
    BadInput for a key that nobody knows, ModelError where the model fails.
    """
    passages = [Passage(id=str(at), document_id="", start=0, end=len(one), text=one) for at, one in enumerate(texts)]
    scored = score_pairs(get_reranker(model), query, passages)
    if scored.failure:
        raise ModelError(scored.failure)
    hits = [Hit(passage_id=one.id, rank=1, score=scored.pairs[one.id].score) for one in passages]
    relevance, space = to_relevance(hits, scored.space), relevance_space(scored.space)
    order = sorted(range(len(texts)), key=lambda at: -scored.pairs[str(at)].score)
    return [RerankedText(rank, at, texts[at], relevance[str(at)], space) for rank, at in enumerate(order, start=1)]


def evaluate(
    folder: str | Path,
    policies: Sequence[Policy] = (),
    *,
    collection: Collection | None = None,
    progress: Progress | None = None,
) -> PolicyReports:
    """Measure policies on labelled questions: a BEIR folder (`queries.jsonl`, `qrels.tsv`, `corpus.jsonl`).

        evaluate("sample_corpus", policies=[Policy(), Policy(reranker="none")]).frame()

    Every question is measured once; each policy is a replay of that. The folder's own documents are indexed in memory,
    unless you give a `collection`. No policies: the default one. Raises BadInput where the folder cannot be read.
    """
    from rag_core.evaluation.beir import read_folder
    from rag_core.evaluation.indexed import documents_of, unknown_documents
    from rag_core.evaluation.outcome import of_measurements
    from rag_core.evaluation.policy_reports import PolicyReports
    from rag_core.evaluation.report import check_judged
    from rag_core.evaluation.score import score_set

    place = Path(folder)
    labelled = read_folder(place)
    check_judged(labelled)  # before anything is indexed
    found = collection or index(texts=documents_of(place), name=place.resolve().name)
    asked = tuple(policies) or (Policy(),)
    measurements = score_set(Pipeline(found), labelled, asked, progress)
    unknown = unknown_documents(labelled, found)
    return PolicyReports(
        tuple((one, of_measurements(labelled, measurements, one, unknown=unknown).report) for one in asked)
    )


def open_runs(
    path: str | Path, *, format: str | None = None, columns: Columns | None = None,  # noqa: A002
    steps: Mapping[str, StepMeaning] | None = None, project: str = "",
) -> OpenedRuns:  # fmt: skip
    """The runs of a file, of a folder of TREC runs, or of a folder of JSON files that belong together, as one with
    observations and one with their scores; and what of it could not be read.

    format    one of `FORMATS`, "table" or "trec"; without it, what the file looks like
    columns   of a table, where the guess by their names is wrong
    steps     of a table or of TREC runs: what each list is, by its name
    project   what the runs belong to, where the file does not say

    Raises BadInput where nothing of it can be read.
    """
    from rag_core.runs.importers import registry

    return registry.open_runs(path, format=format, columns=columns, steps=steps, project=project)
