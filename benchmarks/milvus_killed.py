"""How Milvus comes back from kill -9 while documents are written: python -m benchmarks.milvus_killed [--after 5 60 800]

For each number a core of its own (2.3.5, as the tests start it, behind their REST form): documents of one passage are
written by what an upload goes by (`index_into_store`), and the server is killed when so many are acknowledged and
started again over the same folder. Printed are the load of the machine, the seconds until it answers, those until the
collection is read again, how many of the acknowledged documents are not there, and what the same call then writes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np
from pydantic import SecretStr

from benchmarks.search import SEED, clustered
from benchmarks.store_adding import MadeUp, document
from rag_core.corpus.stored_indexing import Written, index_into_store
from rag_core.errors import EngineError
from rag_core.retrieval.engines.stores import MilvusStore, NamedStore
from rag_core.schema.chunking import Chunking

TESTS = "tests.retrieval.engines"
AFTER, MOST, NAME = (5, 60, 800), 5000, "killed"
GIVEN_UP_S = 300


class Writing:
    """Documents that are written into a store; how many of them are acknowledged."""

    def __init__(self, store: NamedStore, folder: Path) -> None:
        self.store, self.folder, self.done = store, folder, 0

    def write(self, count: int) -> Written:
        """The first documents. Raises EngineError where the server goes away."""
        embedder = MadeUp(clustered(np.random.default_rng(SEED), MOST))
        documents = [document(number) for number in range(count)]
        return index_into_store(NAME, self.store, documents, embedder, Chunking(), self.folder, self._count)

    def there(self) -> set[str]:
        """The documents that the server has, as soon as it can say so. Raises EngineError where it never does."""
        until = time.monotonic() + GIVEN_UP_S
        while True:
            try:
                with closing(self.store.table(NAME)) as table:
                    return set(table.digests())
            except EngineError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def _count(self, _step: str, done: int, _total: int) -> None:
        self.done = done


def killed(after: int, folder: Path) -> str:
    """A line of the table."""
    core = resolve_name(f"{TESTS}.milvus_core:MilvusCore")(folder / "core")
    try:
        first = _writing(core, folder)
        writer = threading.Thread(target=_until_it_fails, args=(first,))
        writer.start()
        while first.done < after and writer.is_alive():
            time.sleep(0.01)
        load = os.getloadavg()[0]
        core.kill()
        writer.join()
        acknowledged = first.done
        began = time.monotonic()
        core.start()
        answers = time.monotonic() - began
        again = _writing(core, folder)
        found = again.there()
        read = time.monotonic() - began
        lost = {document(number).id for number in range(acknowledged)} - found
        written = again.write(acknowledged + 10)
        return f"{acknowledged:>12} {load:>6.1f} {answers:>10.1f} {read:>9.1f} {len(lost):>6}   {written}"
    finally:
        core.kill()


def _writing(core: Any, folder: Path) -> Writing:
    """Into that server."""
    server = resolve_name(f"{TESTS}.milvus_server:MilvusServer")(core.address)
    store = MilvusStore.made_of({"kind": "milvus", "address": server.http.address})
    key = SecretStr(resolve_name(f"{TESTS}.http_server:KEY"))
    return Writing(NamedStore("Benchmark", store, key), folder / "notes")


def _until_it_fails(writing: Writing) -> None:
    with suppress(EngineError):  # the server is killed
        writing.write(MOST)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--after", type=int, nargs="+", default=AFTER)
    print("acknowledged   load answers, s   read, s   lost   the same call again")
    for after in parser.parse_args(arguments).after:
        print(killed(after, Path(tempfile.mkdtemp(prefix="milvus"))), flush=True)


if __name__ == "__main__":
    main()
