"""Calibrations of rerankers in the database: one a collection and reranker, with how it was fitted and how it holds.

It belongs to a collection by its name: more documents make no other kind of question. It holds the identity of the
model that was fitted, and a run with another model says so and leaves the scores as they are. Another collection with
the same documents, as in another engine, has it only by choice (`take_over`).
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from rag_core.errors import UnreadableRecord
from rag_core.evaluation.calibrating import CalibrationFit
from rag_core.schema.base import Frozen
from rag_core.schema.records import Listing, RecordFormat, listing
from rag_core.storage.database import UPSERT, Store, metadata

calibrations = sa.Table(
    "calibrations",
    metadata,
    sa.Column("collection", sa.String(250), primary_key=True),
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("reranker", sa.String(400), primary_key=True),
    sa.Column("record", sa.Text, nullable=False),
)
"""`owner` is empty for collections that everybody sees; `record` is a `KeptCalibration` as JSON."""


class KeptCalibration(Frozen):
    """A calibration as it is kept: on which collection it was fitted, also where another one has it too, when and by
    whom. collection: empty where that was a private one, and everyone sees the calibration."""

    version: int = 1
    collection: str
    fitted_at: datetime
    fitted_by: str = ""
    fit: CalibrationFit

    @property
    def origin(self) -> str:
        """What is said of the collection that it was fitted on."""
        return self.collection or "a private collection"

    def nameless(self) -> KeptCalibration:
        """The same without the names of its collection and its questions."""
        return self.with_(collection="", fit=self.fit.with_(set_name="a private set"))


KEPT = RecordFormat(
    noun="calibration",
    model=KeptCalibration,
    version=1,
    accepts="Remove it, and fit it once more on labelled questions.",
)


class CalibrationBook:
    """The calibrations that are kept. Safe to share between threads and processes.

    CalibrationBook(store)               over shared collections: everybody's
    CalibrationBook(store, owner="ana")  over Ana's private collections: hers alone
    """

    def __init__(self, store: Store, owner: str = "") -> None:
        self._store = store
        self._owner = owner

    def keep(self, collection: str, fit: CalibrationFit, by: str = "") -> KeptCalibration:
        """Keep it in the place of an earlier one of the same reranker on this collection."""
        kept = KeptCalibration(collection=collection, fitted_at=datetime.now(UTC), fitted_by=by, fit=fit)
        self._put(collection, kept)
        return kept

    def _put(self, collection: str, kept: KeptCalibration) -> None:
        row = {
            "collection": collection,
            "owner": self._owner,
            "reranker": kept.fit.calibration.reranker,
            "record": kept.model_dump_json(),
        }
        with self._store.begin() as connection:
            insert = UPSERT[connection.dialect.name](calibrations).values(row)
            new = {"record": insert.excluded["record"]}
            connection.execute(insert.on_conflict_do_update(index_elements=list(calibrations.primary_key), set_=new))

    def find(self, collection: str, reranker: str) -> KeptCalibration | None:
        """The calibration of this reranker on this collection; None where there is none. Raises UnreadableRecord."""
        wanted = sa.select(calibrations.c.record).where(*self._of(collection), calibrations.c.reranker == reranker)
        with self._store.begin() as connection:
            record = connection.execute(wanted).scalar()
        return None if record is None else KEPT.read(record)

    def of_collection(self, collection: str) -> Listing[KeptCalibration]:
        """Those of a collection, by reranker, with a note for each that cannot be read."""
        wanted = sa.select(calibrations).where(*self._of(collection)).order_by(calibrations.c.reranker)
        with self._store.begin() as connection:
            rows = connection.execute(wanted).mappings().all()
        return listing((row["reranker"], lambda row=row: KEPT.read(row["record"])) for row in rows)  # type: ignore[misc]

    def collections(self, reranker: str) -> list[str]:
        """The collections that have one of this reranker, by name."""
        wanted = sa.select(calibrations.c.collection).where(calibrations.c.owner == self._owner)
        with self._store.begin() as connection:
            return sorted(connection.execute(wanted.where(calibrations.c.reranker == reranker)).scalars())

    def take_over(self, kept: KeptCalibration, collection: str, of: CalibrationBook) -> None:
        """Use what was fitted on another collection, and is in the book `of`, for this one too, in the place of an
        earlier one. Names out of an owner's book go into no other."""
        self._put(collection, kept if of._owner in ("", self._owner) else kept.nameless())

    def remove(self, collection: str, reranker: str) -> bool:
        """Forget it; its scores count as they are from then on. False where there was none."""
        gone = sa.delete(calibrations).where(*self._of(collection), calibrations.c.reranker == reranker)
        with self._store.begin() as connection:
            return connection.execute(gone).rowcount > 0

    def rename(self, collection: str, new_name: str) -> None:
        """Let those of a collection go with its new name, in the place of what an earlier one of that name left."""
        self._move(collection, new_name, self._owner)

    def share(self, collection: str) -> None:
        """Let those of a private collection go with it to where everyone sees it."""
        self._move(collection, collection, "")

    def forget(self, collection: str) -> None:
        """Remove those of a collection that is no more."""
        with self._store.begin() as connection:
            connection.execute(sa.delete(calibrations).where(*self._of(collection)))

    def _move(self, collection: str, name: str, owner: str) -> None:
        if (name, owner) == (collection, self._owner):
            return
        there = [calibrations.c.collection == name, calibrations.c.owner == owner]
        with self._store.begin() as connection:
            connection.execute(sa.delete(calibrations).where(*there))
            for row in connection.execute(sa.select(calibrations).where(*self._of(collection))).mappings().all():
                record = _moved(row["record"], collection, name, owner == self._owner)
                changed = {"collection": name, "owner": owner, "record": record}
                of_it = (*self._of(collection), calibrations.c.reranker == row["reranker"])
                connection.execute(sa.update(calibrations).where(*of_it).values(changed))

    def _of(self, collection: str) -> list[sa.ColumnElement[bool]]:
        return [calibrations.c.collection == collection, calibrations.c.owner == self._owner]


def _moved(record: str, collection: str, name: str, same_owner: bool) -> str:
    """The record with the collection's other name; where it was fitted on another one, as it is, but for what its owner
    alone may see. One that cannot be read stays as it is, for it says so itself."""
    try:
        kept = KEPT.read(record)
    except UnreadableRecord:
        return record
    if kept.collection == collection:
        return kept.with_(collection=name).model_dump_json()
    return record if same_owner else kept.nameless().model_dump_json()
