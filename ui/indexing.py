"""Changes of collections as background jobs: begin one, begin it again, see those that a visitor may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag_core.corpus.indexing_jobs import KIND, indexing_work
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.orders import IndexingOrder, OrderBook, Outcome
from rag_core.jobs import Job
from rag_core.schema.documents import Document
from ui import auth, caches


@dataclass(frozen=True)
class Change:
    """An order, the library that it changes, and its job; None where its process died before the job began."""

    order: IndexingOrder
    library: Library
    job: Job | None

    @property
    def state(self) -> str:
        """The job's state."""
        return self.job.state if self.job else "interrupted"

    @property
    def outcome(self) -> Outcome:
        """What came of it so far, file by file."""
        return OrderBook(self.library.root).outcome(self.order)


def begin(
    library: Library, order: IndexingOrder, files: Sequence[bytes] = (), documents: Iterable[Document] | None = None
) -> None:
    """Write the order down and start working on it. The visitor's finished ones in this library are put away."""
    orders = OrderBook(library.root)
    for change in _of(library):
        if change.state == "done" and change.order.by == order.by:
            orders.discard(change.order)
    go_on(library, orders.place(order, files, documents))


def go_on(library: Library, order: IndexingOrder) -> None:
    """Work on an order that is written down, from where it was. Raises BadInput where somebody does already."""
    work = indexing_work(order, OrderBook(library.root), library, caches.embedder(), caches.shared())
    caches.job_book().start(KIND, 0, work, by=auth.author(), job_id=order.id)


def discard(change: Change) -> None:
    """Forget the order, with what was read and embedded for it."""
    OrderBook(change.library.root).discard(change.order)
    change.library.forget_kept(change.order.name)


def changes(owner: str) -> list[Change]:
    """What this visitor may see: everything in their own library; in the shared one what they asked for or what is not
    done yet."""
    shared = [each for each in _of(caches.shared()) if each.state != "done" or each.order.by == owner]
    return [*_of(caches.private(owner)), *shared]


def pending_names(owner: str) -> list[str]:
    """Names of collections that are being made and are not there yet."""
    return [each.order.name for each in changes(owner) if each.order.new and each.state != "done"]


def _of(library: Library) -> list[Change]:
    book = caches.job_book()
    return [Change(order, library, book.find(order.id)) for order in OrderBook(library.root).all()]
