"""Changes of a collection as work for the background: what an order asks for, with progress, an estimate and Stop.

    orders = OrderBook(library.root)
    order = orders.place(IndexingOrder(action="upload", name="Notes", new=True, files=("a.md",)), [b"# A ..."])
    book.start(KIND, 0, indexing_work(order, orders, library, embedder), job_id=order.id)

Stopped, failed or killed, the same line begins it again: files that were read are not read again, and vectors that were
made are not made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.corpus.indexing import StepProgress, of_step
from rag_core.corpus.loading.sandbox import parse_uploads
from rag_core.corpus.sample import ensure_sample
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.orders import Action, FileResult, IndexingOrder, OrderBook, Outcome
from rag_core.corpus.stored_indexing import IntoStore
from rag_core.errors import BadInput, CollectionError, Stopped
from rag_core.retrieval.embedders.naming import label_of
from rag_core.retrieval.embedders.protocol import ReadsTokens, why_not_converted
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile
from rag_core.wording.durations import about
from rag_core.wording.step_warnings import not_converted

if TYPE_CHECKING:
    from pathlib import Path

    from rag_core.jobs import JobControl, Work
    from rag_core.retrieval.embedders.protocol import Embedder

KIND, SAMPLE_KIND = "index", "sample"
"""What the jobs are called in the book."""

OFTEN_S = 0.4
"""How often progress is written down, and a wish to stop looked for."""

STEPS = {
    "reading": "Reading files",
    "chunking": "Cutting into passages",
    "embedding": "Embedding passages",
    "indexing": "Indexing",
    "storing": "Writing documents",
    "writing": "Saving",
}
NAMED = 10
_STOPPED = "Stopped. What was read and embedded is kept."


class JobProgress:
    """Steps of indexing as the progress of a job: what is being done, how far, about how long it will still take.

    Raises Stopped out of the work where somebody asked for that, until the collection is being saved.
    """

    def __init__(self, control: JobControl, clock: Callable[[], float] = time.monotonic) -> None:
        self._control = control
        self._clock = clock
        self._step = ""
        self._told_at = self._began_at = 0.0
        self._began_with = 0

    def __call__(self, step: str, done: int, total: int) -> None:
        """A `StepProgress` callback."""
        now, stoppable = self._clock(), step != "writing"
        if stoppable and self._control.cancelled_here:
            raise Stopped(_STOPPED)
        if step != self._step:
            self._step, self._began_at, self._began_with = step, now, done
        elif now - self._told_at < OFTEN_S and done < total:
            return
        self._told_at = now
        if stoppable and self._control.cancelled():
            raise Stopped(_STOPPED)
        self._control.reach(done, total, self._said(done, total, now))

    def _said(self, done: int, total: int, now: float) -> str:
        fresh, left = done - self._began_with, total - done
        wait = f", {about((now - self._began_at) / fresh * left)} left" if fresh > 0 and left > 0 else ""
        return f"{STEPS.get(self._step, self._step)}: {done:,} of {total:,}{wait}"


@dataclass(frozen=True)
class _Task:
    """One order being worked on."""

    order: IndexingOrder
    orders: OrderBook
    library: Library
    embedder: Embedder
    shared: Library
    progress: StepProgress
    into: IntoStore | None


def indexing_work(
    order: IndexingOrder, orders: OrderBook, library: Library, embedder: Embedder,
    shared: Library | None = None, into: IntoStore | None = None,
) -> Work:  # fmt: skip
    """Work for `JobBook.start` that does what the order says. `shared`: where to move a collection that is shared;
    `into`: the order's store."""

    def work(control: JobControl) -> str:
        task = _Task(order, orders, library, embedder, shared or library, JobProgress(control), into)
        said = _ACTIONS[order.action](task)
        orders.finish(order)
        why = why_not_converted(embedder)
        return f"{said} {not_converted(why)}" if why else said

    return work


def sample_work(library: Library, folder: Path, embedder: Embedder) -> Work:
    """Work for `JobBook.start` that indexes the sample corpus as its files are now."""

    def work(control: JobControl) -> str:
        ensure_sample(library, folder, embedder, JobProgress(control))
        return "The sample corpus is indexed."

    return work


def _upload(task: _Task) -> str:
    """Read the files, then make a collection of their documents or add them to one."""
    documents = task.orders.documents(task.order)
    if documents is None:
        documents = _read_files(task)
    name, outcome = task.order.name, task.orders.outcome(task.order)
    if task.into:
        chunking = task.order.chunking if task.order.new else None  # as what is there was cut
        return task.into.write(name, documents, task.embedder, chunking, task.progress, outcome.sources)
    if task.order.new:
        return _build(task, documents, outcome.sources)
    replaced = task.library.replaced_by(name, documents, outcome.sources)
    had = task.library.manifest(name).token_vectors
    made = task.library.add(name, documents, task.embedder, task.progress, files=outcome.sources)
    task.orders.save_outcome(task.order, outcome.model_copy(update={"replaced": replaced}))
    said = f"{_documents_were(len(documents))} indexed in {name}.{_replaced(replaced)}"
    texts = (each.content_hash for one in documents for each in made.passages_of(one.id))
    if had and any(made.token_vectors.get(each) is None for each in texts):
        said += f" The new passages have no token vectors: {_why_none(task.embedder, had.model)}. {READ_LATER}"
    return said


def _read_files(task: _Task) -> list[Document]:
    """The documents of the uploaded files, kept with what was wrong with each. Raises BadInput where there are none."""
    uploads = parse_uploads(
        task.orders.files(task.order),
        columns=task.order.columns,
        date_field=task.order.date_field,
        progress=of_step(task.progress, "reading"),
    )
    results = tuple(FileResult.of(upload) for upload in uploads)
    task.orders.save_outcome(task.order, Outcome(files=results))
    documents = [document for upload in uploads for document in upload.loaded.documents]
    if not documents:
        raise BadInput(f"Nothing was indexed. {' '.join(left_out(results))}")
    task.orders.save_documents(task.order, documents)
    return documents


def _copy(task: _Task) -> str:
    documents = task.orders.documents(task.order)
    if documents is None:
        raise BadInput("The documents of this copy are not there any more. Copy the collection again.")
    return _build(task, documents, task.order.sources)


def _build(task: _Task, documents: Sequence[Document], files: Sequence[SourceFile]) -> str:
    order = task.order
    task.library.build(
        order.name, documents, order.chunking, task.embedder, task.progress, owner=order.owner, files=files
    )
    return f"{_documents_were(len(documents))} indexed in {order.name}."


def _rechunk(task: _Task) -> str:
    order = task.order
    had = task.library.manifest(order.name).token_vectors
    made = task.library.reindex(order.name, order.chunking, task.embedder, task.progress)
    limit = order.chunking.max_tokens
    said = f"{order.name} is now cut into {made.ref.passages:,} passages of up to {limit} tokens."
    if had and made.manifest.token_vectors is None:
        said += f" Its token vectors are gone: {_why_none(task.embedder)}. {READ_LATER}"
    return said


READ_LATER = "Late interaction reads these passages at query time, which takes longer."


def _why_none(embedder: Embedder, those_there: str = "") -> str:
    """Why no token vectors were made. those_there: what made those that the collection has."""
    model = embedder.token_model() if isinstance(embedder, ReadsTokens) else ""
    if not model:
        return f"the embedding model {label_of(embedder)} makes none on this machine"
    if those_there and those_there != model:
        return "those of the collection are by another model. Re-chunk it to have them made again"
    return "together they would be larger than SECOND_PASS_TOKEN_VECTORS_MB allows"


def _delete(task: _Task) -> str:
    ids = task.order.document_ids
    left = task.library.delete_documents(task.order.name, ids, task.progress)
    plural = "s" if len(ids) != 1 else ""
    return f"{len(ids):,} document{plural} deleted from {task.order.name}; {left.ref.documents:,} left."


def _share(task: _Task) -> str:
    if task.shared is task.library:
        raise CollectionError(f"Everyone sees {task.order.name} already.")
    task.progress("writing", 0, 1)
    task.library.share_to(task.shared, task.order.name)
    return f"Everyone who uses this app now sees {task.order.name}."


_ACTIONS: dict[Action, Callable[[_Task], str]] = {
    "upload": _upload,
    "copy": _copy,
    "rechunk": _rechunk,
    "delete": _delete,
    "share": _share,
}


def left_out(results: Sequence[FileResult]) -> list[str]:
    """What could not be read, each with its reason; the first few by name, the others counted."""
    problems = [problem for result in results for problem in result.problems]
    said = [f"Left out: {place}: {reason}" for place, reason in problems[:NAMED]]
    if len(problems) > NAMED:
        said.append(f"Left out: {len(problems) - NAMED:,} more, named in the table of the upload.")
    return said


def _documents_were(count: int) -> str:
    return f"{count:,} document{'s were' if count != 1 else ' was'}"


def _replaced(ids: Sequence[str]) -> str:
    """A sentence that names the documents that were there and are not any more; empty where there are none."""
    if not ids:
        return ""
    more = f" and {len(ids) - NAMED:,} more" if len(ids) > NAMED else ""
    which = "a document that was" if len(ids) == 1 else f"{len(ids):,} documents that were"
    return f" They replaced {which} there: {', '.join(ids[:NAMED])}{more}."
