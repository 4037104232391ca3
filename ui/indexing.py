"""Changes of collections as background jobs: begin one, begin it again, see those that a visitor may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from rag_core.analysis.paid_calls import calls_by_service
from rag_core.corpus.indexing_jobs import KIND, indexing_work
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.orders import IndexingOrder, OrderBook, Outcome
from rag_core.corpus.storage.own_model import key_for
from rag_core.errors import SecondPassError
from rag_core.evaluation.calibration_book import CalibrationBook
from rag_core.jobs import Job, JobControl, Work
from rag_core.rerank.metering import metered
from rag_core.schema.documents import Document
from rag_core.schema.records import Listing, listing
from rag_core.wording.paid_calls import paid_text
from ui import auth, caches, stores


@dataclass(frozen=True)
class Change:
    """An order, the library that it changes, what came of it so far, and its job; None where its process died before
    the job began, or the job cannot be read."""

    order: IndexingOrder
    library: Library
    outcome: Outcome
    job: Job | None

    @property
    def state(self) -> str:
        """The job's state."""
        return self.job.state if self.job else "interrupted"


def begin(
    library: Library, order: IndexingOrder, files: Sequence[bytes] = (), documents: Iterable[Document] | None = None
) -> None:
    """Write the order down and start working on it. The visitor's finished ones in this library are put away."""
    orders = OrderBook(library.root)
    for change in _of(library).found:
        if change.state == "done" and change.order.by == order.by:
            orders.discard(change.order)
    go_on(library, orders.place(order, files, documents))


def go_on(library: Library, order: IndexingOrder) -> None:
    """Work on an order that is written down, from where it was. Raises BadInput where somebody does already."""
    into = stores.into(order.store) if order.store else None
    model = caches.embedder(order.embedder or _own(library, order))
    work = indexing_work(order, OrderBook(library.root), library, model, caches.shared(), into)
    if order.action == "share":
        work = _with_calibrations(work, library, order.name)
    caches.job_book().start(KIND, 0, _telling_what_was_sent(work), by=auth.author(), job_id=order.id)


def _with_calibrations(work: Work, library: Library, name: str) -> Work:
    """The same work; then the calibrations of the private collection go along to where everyone sees it."""
    kept = CalibrationBook(caches.store(), library.manifest(name).owner or "")

    def shared(control: JobControl) -> str:
        said = work(control)
        try:
            kept.share(name)
        except SecondPassError as exc:
            return f"{said} Its calibrations could not go along: calibrate it again on the Evaluate page. {exc}"
        return said

    return shared


def _telling_what_was_sent(work: Work) -> Work:
    """The same work; what it says at its end has the requests to embedding services, where there were any."""

    def counted(control: JobControl) -> str:
        with metered() as meter:
            said = work(control)
        return " ".join(filter(None, (said, paid_text(calls_by_service(meter.spent)))))

    return counted


def _own(library: Library, order: IndexingOrder) -> str:
    """The key of the model of the collection that is changed; empty for a new one, which gets the app's."""
    if stored := stores.kept().find(order.name) if order.store else None:
        return stored.embedder
    return "" if order.new else key_for(library.manifest(order.name), caches.settings())


def discard(change: Change) -> None:
    """Forget the order, with what was read and embedded for it."""
    OrderBook(change.library.root).discard(change.order)
    change.library.forget_kept(change.order.name)


def changes(owner: str) -> Listing[Change]:
    """What this visitor may see: everything in their own library; in the shared one what they asked for or what is not
    done yet. A note for each that cannot be read."""
    own, shared = _of(caches.private(owner)), _of(caches.shared())
    seen = (each for each in shared.found if each.state != "done" or each.order.by == owner)
    return Listing((*own.found, *seen), (*own.left_out, *shared.left_out))


def pending_names(owner: str) -> list[str]:
    """Names of collections that are being made and are not there yet."""
    return [each.order.name for each in changes(owner).found if each.order.new and each.state != "done"]


def _of(library: Library) -> Listing[Change]:
    """The library's changes. Where a job or an outcome alone cannot be read, its note stands beside the change."""
    orders, book = OrderBook(library.root), caches.job_book()
    placed = orders.all()
    found, left_out = [], list(placed.left_out)
    for order in placed.found:
        job = listing([(f"{_called(order)}, its progress", partial(book.find, order.id))])
        outcome = listing([(f"{_called(order)}, its result", partial(orders.outcome, order))])
        found.append(Change(order, library, next(iter(outcome.found), Outcome()), next(iter(job.found), None)))
        left_out += [*job.left_out, *outcome.left_out]
    return Listing(tuple(found), tuple(left_out))


def _called(order: IndexingOrder) -> str:
    """What a note calls a change."""
    return f"{order.action} of {order.name}"
