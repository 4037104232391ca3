"""Which passages of a collection of our own are there: one row of it, since Milvus has no transactions.

Every write has a generation, a number that is used once, and its rows carry it. They are there when the journal says
so: its row is written last, at once. A reader leaves out what the journal does not have, so a write that is cut off
shows nothing, and the next writer deletes its rows.

>>> Journal(made=MadeWith(model="m@1", embedder="m", dimensions=4), last=17, gone={"a.md": 17}).live
'generation >= 1 and generation <= 17 and not (generation < 17 and document_id in ["a.md"])'
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rag_core.retrieval.engines.milvus.filters import literal
from rag_core.retrieval.engines.own_store import MadeWith
from rag_core.schema.base import Frozen

KEY = "journal"
"""The primary key of the row."""


class Journal(Frozen):
    """What the row says.

    made       what the passages were made with
    held_by    who writes right now; empty: nobody
    last       the last generation that is there
    skipped    generations of writes that were cut off: what comes late of them is not there either
    gone       documents, and the generation before which their rows are not there any more
    deletions  how often `gone` was written: rows that an earlier journal had may be deleted then
    """

    made: MadeWith
    held_by: str = ""
    last: int = 0
    skipped: tuple[int, ...] = ()
    gone: dict[str, int] = {}
    deletions: int = 0

    @property
    def live(self) -> str:
        """The rows that are there, as an expression."""
        hidden = [f"not ({one})" for one in self._gone()]
        skipped = [f"generation not in {list(self.skipped)}"] if self.skipped else []
        return " and ".join(["generation >= 1", f"generation <= {self.last}", *skipped, *hidden])

    @property
    def leftovers(self) -> str:
        """The rows that are not, as an expression: of writes that were cut off, and of documents that are gone."""
        skipped = [f"generation in {list(self.skipped)}"] if self.skipped else []
        return " or ".join([f"generation > {self.last}", *skipped, *(f"({one})" for one in self._gone())])

    def _gone(self) -> Iterator[str]:
        for before, some in groupby(sorted(self.gone, key=lambda one: (self.gone[one], one)), self.gone.__getitem__):
            yield f"generation < {before} and document_id in [{', '.join(map(literal, some))}]"
