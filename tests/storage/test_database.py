"""The database of pair scores: kept, shared by threads and processes, and clear about trouble."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from rag_core.errors import BadInput, SecondPassError
from rag_core.schema.steps import PairScore
from rag_core.settings import Settings
from rag_core.storage.columns import Moment
from rag_core.storage.database import IN_ONE_STATEMENT, Store, hash_of

PAIR = PairScore(score=1.25, tokens=300, unseen_tokens=46, seen_chars=1269)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'deep' / 'second_pass.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.close()


def many(count: int, start: int = 0) -> dict[str, PairScore]:
    return {hash_of(str(place)): PairScore(score=float(place)) for place in range(start, start + count)}


def test_what_is_put_is_read_back_by_another_process(store: Store, url: str) -> None:
    store.pair_cache().put_many("m@1", "q", {"a": PAIR, "b": PairScore(score=-2.5)})
    other = Store(url)
    read = other.pair_cache().get_many("m@1", "q", ["a", "b", "unknown"])
    other.close()
    assert read == {
        "a": PAIR.model_copy(update={"cached": True}),
        "b": PairScore(score=-2.5, cached=True),
    }


def test_keys_are_model_query_and_content(store: Store) -> None:
    cache = store.pair_cache()
    cache.put_many("m@1", "q", {"a": PAIR})
    assert cache.get_many("m@2", "q", ["a"]) == cache.get_many("m@1", "Q", ["a"]) == {}


def test_a_pair_that_is_there_gets_the_new_score(store: Store) -> None:
    store.pair_cache().put_many("m", "q", {"a": PAIR})
    store.pair_cache().put_many("m", "q", {"a": PairScore(score=3.0)})
    assert store.pair_cache().get_many("m", "q", ["a"])["a"].score == 3.0


def test_a_value_that_the_database_refuses_is_the_callers(store: Store) -> None:
    with pytest.raises(BadInput, match=r"cannot keep one of these values .*too big"), store.begin() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
        connection.execute(sa.text("SELECT :long"), {"long": "x" * 2000})


def test_more_than_one_statement_holds(store: Store) -> None:
    pairs = many(2 * IN_ONE_STATEMENT + 1)
    store.pair_cache().put_many("m", "q", pairs)
    read = store.pair_cache().get_many("m", "q", list(pairs))
    assert {one: pair.score for one, pair in read.items()} == {one: pair.score for one, pair in pairs.items()}


def test_memory_in_front_is_bounded_and_forgets_nothing_for_good(store: Store) -> None:
    cache = store.pair_cache()
    small = type(cache)(store, remembered=2)
    pairs = many(5)
    small.put_many("m", "q", pairs)
    assert len(small.get_many("m", "q", list(pairs))) == 5


def test_the_query_is_not_stored(store: Store, tmp_path: Path) -> None:
    store.pair_cache().put_many("m", "a secret question", {"a": PAIR})
    store.close()
    assert all(b"secret" not in file.read_bytes() for file in (tmp_path / "deep").iterdir())


def test_threads_at_once_lose_nothing(store: Store) -> None:
    cache = store.pair_cache()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda start: cache.put_many("m", "q", many(50, start)), range(0, 400, 50)))
    assert len(store.pair_cache().get_many("m", "q", list(many(400)))) == 400


WRITER = """
import sys
from rag_core.storage.database import Store
from tests.storage.test_database import many
cache = Store(sys.argv[1]).pair_cache()
for start in range(int(sys.argv[2]), int(sys.argv[2]) + 100, 10):
    cache.put_many("m", "q", many(10, start))
"""


def test_processes_at_once_lose_nothing(store: Store, url: str) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, str(start)]) for start in range(0, 400, 100)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0, 0]
    assert len(store.pair_cache().get_many("m", "q", list(many(400)))) == 400


def test_sqlite_runs_in_wal_mode_with_foreign_keys(store: Store) -> None:
    with store.begin() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(sa.text("PRAGMA foreign_keys")).scalar() == 1


def test_an_error_rolls_back(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as connection:
        connection.execute(sa.text("INSERT INTO pair_scores VALUES ('m', 'q', 'c', 1.0, 1, 0, NULL)"))
        _ = 1 / 0
    with store.begin() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM pair_scores")).scalar() == 0


@pytest.mark.parametrize("value", [datetime.max.replace(tzinfo=timezone(-timedelta(hours=5))), 10**30])
def test_a_value_that_no_column_holds_is_a_sentence(store: Store, value: object) -> None:
    kind = Moment() if isinstance(value, datetime) else sa.Integer()
    with pytest.raises(BadInput, match="cannot keep one of these values"), store.begin() as connection:
        connection.execute(sa.select(sa.bindparam("it", value, kind)))


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "second_pass.db"
    file.write_bytes(b"this is no database, but long enough to be taken for one" * 100)
    with pytest.raises(SecondPassError, match=r"second_pass\.db is damaged .*Move that file away"):
        Store(f"sqlite:///{file}").pair_cache().get_many("m", "q", ["a"])


def test_a_disk_that_is_full_is_a_sentence(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'second_pass.db'}")
    with pytest.raises(SecondPassError, match=r"has no room .*Free some space"), store.begin() as connection:
        connection.execute(sa.text("PRAGMA max_page_count = 1"))
        connection.execute(sa.text("CREATE TABLE more AS SELECT zeroblob(1000000) AS bytes"))


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SecondPassError, match="cannot be used"):
        Store(f"sqlite:///{tmp_path / 'file' / 'second_pass.db'}").pair_cache().get_many("m", "q", ["a"])


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:pw@h/db", "postgresql+nonsense://u:pw@h/db"])
def test_an_address_that_cannot_be_used(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        Store(url)
    assert "pw" not in str(caught.value)


def test_the_file_lies_in_the_data_folder_unless_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    store = Store.from_settings(Settings(data_dir=tmp_path))
    store.pair_cache().put_many("m", "q", {"a": PAIR})
    store.close()
    assert (tmp_path / "second_pass.db").is_file()
    monkeypatch.setenv("DATABASE_URL", "oracle://x")
    with pytest.raises(BadInput, match="must be sqlite or postgresql"):
        Store.from_settings(Settings(data_dir=tmp_path))


def test_no_free_connection_is_said_as_a_busy_database_is(url: str) -> None:
    store = Store(url, wait_s=0.05)
    with ExitStack() as held:
        for _ in range(15):  # SQLAlchemy's pool: 5, and 10 more when it is busy
            held.enter_context(store.begin())
        with pytest.raises(SecondPassError, match=r"second_pass\.db is busy .*Try again in a moment"):
            store.pair_cache().get_many("m", "q", ["a"])
    assert store.pair_cache().get_many("m", "q", ["a"]) == {}
    store.close()
