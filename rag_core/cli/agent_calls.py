"""What an agent may call, as plain functions: the same answers as `inspect --json` and `triage --json`.

An agent names what the server was started with: saved collections, the indexes of the environment, the retrievers of
the environment and of `--retriever`, recorded runs of the database and of `--run`, and rerankers that can be used. It
cannot name an address, a function or a file of its own.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag_core.cli import inspect, triage
from rag_core.cli.documents import library
from rag_core.cli.live_question import asked_of
from rag_core.cli.named_index import connected
from rag_core.cli.questions import Asked, opened, pipeline_over, policy_from
from rag_core.cli.run_choice import id_of
from rag_core.corpus.collection import Collection
from rag_core.corpus.filter_check import check_filter
from rag_core.corpus.sample import SAMPLE
from rag_core.diagnosis import Expected
from rag_core.errors import BadInput
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.catalogue import usable
from rag_core.rerank.retired import no_longer_ships
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.every_index import every_index, index_named
from rag_core.retrieval.engines.named_indexes import NamedIndex
from rag_core.runs.as_trace import trace_of
from rag_core.runs.live import LiveRetriever
from rag_core.runs.live.choosing import retriever_of
from rag_core.runs.live.named import read_named
from rag_core.runs.opening import open_path
from rag_core.runs.store.run_book import RunBook
from rag_core.schema.trace import Trace
from rag_core.schema.written_filters import read_filter
from rag_core.settings import Settings
from rag_core.storage.database import Store

MOST_RUNS = 100


@dataclass
class AgentCalls:
    """The calls, over what was offered. Collections stay in memory until they change.

    retriever  a further retriever, as `--retriever` takes it
    file       a file of recorded runs beside those of the database
    """

    settings: Settings = field(default_factory=Settings)
    retriever: str | None = None
    file: Path | None = None
    _opened: dict[str, tuple[str, Collection]] = field(default_factory=dict)
    _connected: dict[str, tuple[NamedIndex, ConnectedCollection]] = field(default_factory=dict)

    def list_collections(self) -> dict[str, Any]:
        """What can be asked: the saved collections (the sample corpus is always there), the connected indexes, the live
        retrievers, and the rerankers. unavailable: indexes and retrievers that cannot be asked, and why."""
        names = [name for name in library(self.settings).names() if name != SAMPLE]
        known, problems = self._retrievers()
        indexes, broken = every_index(self.settings)
        told = {
            "collections": [SAMPLE, *names],
            "indexes": list(indexes),
            "retrievers": list(known),
            "rerankers": list(usable()),
        }
        return told | ({"unavailable": problems | broken} if problems or broken else {})

    def list_runs(self, project: str = "", text: str = "", limit: int = 20) -> dict[str, Any]:
        """Recorded runs of other pipelines, newest first, with what is suspicious about each. text: words of the
        query."""
        limit = max(1, min(limit, MOST_RUNS))
        found = self._book().find(project or None, text=text, limit=limit).found
        runs = [(one.started_at, one.model_dump(mode="json", exclude={"feedback"})) for one in found]
        for trace in self._of_file():
            wanted = trace.origin is not None and project in ("", trace.collection.name)
            if wanted and text.lower() in trace.query.lower():
                facts = {
                    "project": trace.collection.name,
                    "id": id_of(trace),
                    "query": trace.query,
                    "started_at": trace.measured_at.isoformat(),
                    "kept": len(trace.kept),
                }
                runs.append((trace.measured_at, facts))
        runs.sort(key=lambda one: one[0], reverse=True)
        return {"runs": [facts for _, facts in runs[:limit]]}

    def inspect_query(
        self, query: str, collection: str = "", retriever: str = "", reranker: str = "", pool: int | None = None,
        top_k: int | None = None, threshold: float | None = None, index: str = "", where: list[str] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Every step of a query: what each search found, what the reranker made of it, and what was kept, with ranks
        and scores. Ask a collection (the sample corpus without one), a connected index or a live retriever, one of
        list_collections. where: conditions on metadata, each as FIELD=VALUE, FIELD!=VALUE, FIELD>=2026-01-31 or
        FIELD<2026-01-31."""
        asked = self._asked(query, collection, retriever, reranker, pool, top_k, threshold, index, where)
        return inspect.facts(asked.trace)

    def inspect_run(self, project: str, run_id: str) -> dict[str, Any]:
        """Every step of a recorded run of another pipeline, one of list_runs."""
        return inspect.facts(self._run(project, run_id))

    def triage_query(
        self, query: str, document: str, quote: str = "", collection: str = "", retriever: str = "",
        reranker: str = "", pool: int | None = None, top_k: int | None = None, threshold: float | None = None,
        index: str = "", where: list[str] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Why a query did not keep the document that should have answered it: the step that lost it, its rank at each
        step, what outranked it, and the smallest change that keeps it. document: its id, title or source; quote: the
        words of it that answer. where: as in inspect_query."""
        asked = self._asked(query, collection, retriever, reranker, pool, top_k, threshold, index, where)
        return triage.told(asked, Expected(document=document, quote=quote))

    def triage_run(self, project: str, run_id: str, document: str, quote: str = "") -> dict[str, Any]:
        """The same for a recorded run of another pipeline, one of list_runs."""
        trace = self._run(project, run_id)
        return triage.told(Asked(trace, trace.policy), Expected(document=document, quote=quote))

    def _asked(
        self, query: str, collection: str, retriever: str, reranker: str, pool: int | None, top_k: int | None,
        threshold: float | None, index: str, conditions: list[str] | None,
    ) -> Asked:  # fmt: skip
        """One question's run. Raises BadInput for what is not offered."""
        if not query.strip():
            raise BadInput("Give a query.")
        if reranker and reranker not in usable():
            raise BadInput(
                no_longer_ships(reranker)
                or f"There is no reranker “{reranker}” here. There are: {', '.join(usable())}."
            )
        if sum(map(bool, (collection, retriever, index))) > 1:
            raise BadInput("Give either a collection, an index or a retriever.")
        given = argparse.Namespace(
            question=query, pool=pool, top_k=top_k, threshold=threshold, reranker=reranker or None,
            collection=collection, index=index, uncalibrated=False, where=conditions,
        )  # fmt: skip
        if retriever:
            known, problems = self._retrievers()
            if retriever in problems:
                raise BadInput(problems[retriever])
            if retriever not in known:
                raise BadInput(f"There is no retriever “{retriever}” here. There are: {', '.join(known) or 'none'}.")
            trace = asked_of(known[retriever], given, self.settings)
            return Asked(trace, trace.policy)
        policy = policy_from(given)
        found = self._index(index) if index else self._collection(collection)
        where = read_filter(conditions or ())
        check_filter(where, found)
        session = QuerySession(pipeline_over(found, self.settings), query, where)
        return Asked(session.trace(policy), policy, session, found)

    def _collection(self, name: str) -> Collection:
        """The collection; opened again once it has changed."""
        own = name if name != SAMPLE or SAMPLE in library(self.settings).names() else ""
        mark = library(self.settings).manifest(own).fingerprint if own else ""
        if own not in self._opened or self._opened[own][0] != mark:
            given = argparse.Namespace(collection=own or None, folder=None, embedder=None, words_only=False)
            self._opened[own] = (mark, opened(given, self.settings))
        return self._opened[own][1]

    def _index(self, name: str) -> ConnectedCollection:
        """The connected index; another connection once its entry has changed."""
        entry = index_named(name, self.settings)
        if name not in self._connected or self._connected[name][0] != entry:
            self._connected[name] = (entry, connected(name, self.settings))
        return self._connected[name][1]

    def _retrievers(self) -> tuple[dict[str, LiveRetriever], dict[str, str]]:
        """Those that can be asked, and what is wrong with the others."""
        found, problems = read_named(self.settings.retrievers)
        if self.retriever is not None:
            one = retriever_of(self.retriever, self.settings.retrievers)
            found[one.name] = one
        return found, problems

    def _book(self) -> RunBook:
        return RunBook(Store.from_settings(self.settings))

    def _of_file(self) -> tuple[Trace, ...]:
        return open_path(self.file).traces if self.file else ()

    def _run(self, project: str, run_id: str) -> Trace:
        """The run. Raises BadInput where there is none."""
        of_file = [one for one in self._of_file() if (one.collection.name, id_of(one)) == (project, run_id)]
        return of_file[0] if of_file else trace_of(self._book().get(project, run_id))
