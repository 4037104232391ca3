"""What every index that can be searched must do: a class of tests to inherit, with a fixture `server` of one's own.

    class TestMine(IndexConformance):
        @pytest.fixture
        def server(self) -> Server:
            return MyServer()                       # fills, stops and starts what the engine talks to

`server` makes an index of given rows, with given vectors, and connects to it. What it cannot show (a server that cannot
be stopped, one without credentials) it lists in `cannot`, and those tests are skipped with that reason. A test for
more (each distance, the guess of the fields) stands in the engine's own test file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

from rag_core.errors import (
    BadInput,
    EngineError,
    EngineGone,
    EngineRefused,
    EngineTimeout,
    MissingField,
    MissingIndex,
    WrongDimension,
)
from rag_core.retrieval.engines.protocol import IndexEngine
from rag_core.schema.base import Scalar
from rag_core.schema.documents import Passage
from rag_core.schema.filters import AllOf, AnyOf, Condition, Dated, Equal, Filter, In, Not
from tests.retrieval.engines.breaking import Relay

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

DIMENSIONS = 4
MANY_BREAKS = 6


@dataclass(frozen=True)
class Row:
    """A passage as it stands in the index; `vector` has length 1."""

    id: str
    text: str
    vector: tuple[float, ...]
    title: str = ""
    document: str = ""
    source: str = ""
    tenant: str | None = None
    updated: date | None = None
    metadata: dict[str, Scalar] = field(default_factory=dict)


class Server(Protocol):
    """What a test of an engine brings.

    cannot  what it cannot show: "stop", "credentials", "time-out", "missing index", "missing field", "delete"
    """

    cannot: dict[str, str]

    def fill(self, rows: Sequence[Row]) -> IndexEngine:
        """A new index with these rows, connected. Dense search is exact, by cosine."""
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows of the index that `fill` made last."""
        ...

    def broken(self, what: str) -> IndexEngine:
        """The index of the last `fill`, connected wrongly: "credentials", "missing index", "missing field" (the
        text), "time-out" (every search takes longer than it)."""
        ...

    def port(self) -> int:
        """Where the server listens, on this machine."""
        ...

    def through(self, port: int) -> IndexEngine:
        """The index of the last `fill`, connected again, by way of that port of this machine."""
        ...

    def stop(self) -> None:
        """Let nothing answer any more at the server's address."""
        ...

    def start(self) -> None:
        """Answer there again, with the same rows."""
        ...


def at(angle: float) -> tuple[float, ...]:
    """A unit vector whose cosine to (1, 0, 0, 0) is that of the angle, in degrees."""
    turned = np.deg2rad(angle)
    return (float(np.cos(turned)), float(np.sin(turned)), 0.0, 0.0)


QUERY = np.array([1, 0, 0, 0], np.float32)

ROWS = (
    Row("refund", "How long refunds take: thirty days.", at(10), "Refunds", "r.md", "policy", "acme", date(2026, 3, 14),
        {"stars": 4, "state": "current", "open": True, "rate": 0.5, "reviewed": "2026-05-01T10:00"}),
    Row("börse/7 ☂", "Die Börse öffnet um neun.", at(20), "Börse", "b.md", "policy", "zenith", date(2025, 1, 2),
        {"stars": 5, "state": "draft", "open": False}),
    Row("a'b\"c\\d;--", "Quotes are no trouble.", at(30), "", "q.md", "chat", "acme", None, {"stars": 1}),
    Row("empty", "", at(40), "Nothing", "e.md", "", None, date(2026, 3, 15)),
    Row("true", "True is not one.", at(50), "", "t.md", "chat", "all", date(2024, 2, 29), {"stars": True}),
    Row("text", "A number in a text.", at(60), "", "n.md", "chat", "all", None, {"stars": "4"}),
)  # fmt: skip

OFFSETS = (
    Row("night in the east", "Still December.", at(10), metadata={"reviewed": "2026-01-01T00:30:00+02:00"}),
    Row("evening in the west", "January already.", at(20), metadata={"reviewed": "2025-12-31T23:30:00-05:00"}),
    Row("day", "A day of January.", at(30), metadata={"reviewed": "2026-01-01"}),
)
"""Times that are on another day where they were written than in UTC."""

TYPED_ROWS = (*ROWS[:4], replace(ROWS[4], metadata={"flag": True}), replace(ROWS[5], metadata={"code": "4"}))
"""The same for servers in which a field has one type: no number, text and truth value in one field."""

CONDITIONS: tuple[Condition, ...] = (
    Equal(field="source", value="policy"),
    Equal(field="tenant", value="acme"),
    Equal(field="title", value="Börse"),
    Equal(field="document_id", value="q.md"),
    Equal(field="state", value="current"),
    Equal(field="stars", value=4),
    Equal(field="stars", value=1),
    Equal(field="stars", value="4"),
    Equal(field="open", value=True),
    Equal(field="rate", value=0.5),
    Equal(field="nothing", value="x"),
    Equal(field="source", value="no' OR '1'='1"),
    Equal(field="updated_at", value="2026-03-14"),
    In(field="tenant", values=("acme", "zenith")),
    In(field="stars", values=(5, "4")),
    In(field="tenant", values=()),
    Dated(after=date(2026, 3, 14)),
    Dated(before=date(2026, 3, 14)),
    Dated(after=date(2025, 1, 1), before=date(2026, 3, 15)),
    Dated(),
    Dated(field="reviewed", after=date(2026, 5, 1), before=date(2026, 5, 2)),
    Dated(field="state", after=date(2000, 1, 1)),
    AllOf(conditions=(Equal(field="source", value="policy"), Dated(after=date(2026, 1, 1)))),
    AllOf(conditions=()),
    AnyOf(conditions=(Equal(field="state", value="draft"), Equal(field="tenant", value="all"))),
    AnyOf(conditions=()),
    Not(condition=Equal(field="state", value="current")),
    Not(condition=Equal(field="tenant", value="acme")),
    Not(condition=Dated()),
    Not(condition=In(field="stars", values=(4,))),
    Not(
        condition=AnyOf(conditions=(Equal(field="source", value="chat"), Not(condition=Equal(field="stars", value=4))))
    ),
)
"""One of every kind, on the passage's own fields and on metadata, and put together."""


def only(*conditions: Condition) -> Filter:
    """The filter of these conditions."""
    return Filter(conditions=conditions)


def passage_of(row: Row) -> Passage:
    """The passage that a row is."""
    return Passage(
        id=row.id,
        document_id=row.document or row.id,
        start=0,
        end=len(row.text),
        text=row.text,
        title=row.title,
        source=row.source,
        tenant=row.tenant,
        updated_at=row.updated,
        metadata=row.metadata,
    )


def ids(found: list[tuple[str, float]]) -> list[str]:
    """The ids of a list, in order."""
    return [one for one, _ in found]


def spread(count: int, tenants: int = 2) -> list[Row]:
    """Many rows, the farther the higher their number; those of tenant 0 are the nearest."""
    return [
        Row(
            f"row-{number:05}",
            f"word{number}" + " fifth" * (number % 5 == 0),
            at(90 * number / count),
            tenant=f"t{number * tenants // count}",
        )
        for number in range(count)
    ]


Read = Callable[[IndexEngine], object]


def reads(index: IndexEngine, every: list[str]) -> dict[str, Read]:
    """Every kind of read that the index declares, by name; of passages by id, these."""
    can, nearer = index.capabilities, only(Equal(field="tenant", value="t0"))
    asks: dict[str, tuple[bool, Read]] = {
        "dense": (True, lambda one: one.dense(QUERY, 20).hits),
        "dense by a filter": (True, lambda one: one.dense(QUERY, 20, nearer).hits),
        "lexical": (can.lexical, lambda one: one.lexical("fifth word7", 20).hits),
        "hybrid": (can.hybrid, lambda one: one.hybrid("fifth word7", QUERY, 20).hits),
        "passages": (True, lambda one: one.passages_by_id(every)),
        "vectors": (True, lambda one: {key: vector.tolist() for key, vector in one.vectors_by_id(every).items()}),
        "count": (can.counting, lambda one: one.count()),
        "count by a filter": (can.counting, lambda one: one.count(nearer)),
        "listed": (can.listing, lambda one: one.listed(len(every))),
        "listed by a filter": (can.listing, lambda one: one.listed(len(every), nearer)),
        "dimensions": (True, lambda one: one.dimensions()),
    }
    return {name: ask for name, (there, ask) in asks.items() if there}


def breaks_are_said(name: str, ask: Read, server: Server, relay: Relay) -> None:
    """Let the connection break before each answer of a read and half-way through it: of many, the first and last."""
    relay.again()
    whole = ask(server.through(relay.port))
    breaks = relay.breaks()
    failed = 0
    for number, most in enumerate(breaks if len(breaks) <= MANY_BREAKS else breaks[:3] + breaks[-3:]):
        relay.again(most, reset=number % 4 > 1)
        index = server.through(relay.port)
        try:
            assert ask(index) == whole, (name, most, breaks)  # what follows may be none of the answer
        except EngineError as exc:
            failed += 1
            assert isinstance(exc, EngineGone), (name, most, exc)
    relay.again()
    assert ask(index) == whole, (name, "once it is back")
    assert failed >= 2, (name, breaks)


class IndexConformance:
    """`IndexEngine` of `rag_core.retrieval.engines.protocol`, as tests."""

    many = 10_000
    """How many rows the large index has."""

    paged = 1100
    """How many rows the index has whose passages are fetched in several requests."""

    compares_texts = False
    """Whether it compares what is in the metadata as a text, so that a day is refused where an offset decides."""

    rows: tuple[Row, ...] = ROWS
    """The small index: `TYPED_ROWS` for a server in which a field has one type."""

    # order

    def test_the_nearest_come_first_with_their_cosine(self, server: Server) -> None:
        index = self.filled(server)
        found = index.dense(QUERY, 3).hits
        assert ids(found) == [row.id for row in self.rows[:3]]
        assert [score for _, score in found] == pytest.approx([row.vector[0] for row in self.rows[:3]], abs=1e-5)

    def test_equal_scores_come_in_an_order_that_stays(self, server: Server) -> None:
        twins = [Row(f"twin-{number}", "same", at(5)) for number in range(7)]
        index = server.fill([*twins, Row("far", "other", at(80))])
        first = ids(index.dense(QUERY, 5).hits)
        assert len({*first}) == 5
        assert "far" not in first
        assert all(ids(index.dense(QUERY, 5).hits) == first for _ in range(3))
        assert ids(index.dense(QUERY, 8).hits)[-1] == "far"

    def test_a_depth_past_the_end_gives_every_row_once(self, server: Server) -> None:
        index = self.filled(server)
        assert ids(index.dense(QUERY, 200).hits) == [row.id for row in self.rows]

    def test_words_find_what_has_them_best_first(self, server: Server) -> None:
        index = self.filled(server)
        if not index.capabilities.lexical:
            pytest.skip("no lexical search")
        found = index.lexical("how long do refunds take", 10)
        assert ids(found.hits)[:1] == ["refund"]
        assert "empty" not in ids(found.hits)
        scores = [score for _, score in found.hits]
        assert scores == sorted(scores, reverse=True)
        assert index.lexical("zebra", 10).hits == []
        assert index.lexical("' & | ! ( :* \\", 10).hits == []

    def test_both_are_fused_by_the_server(self, server: Server) -> None:
        index = self.filled(server)
        if not index.capabilities.hybrid:
            pytest.skip("no hybrid search")
        assert "refund" in ids(index.hybrid("how long do refunds take", QUERY, 3).hits)

    # filters

    @pytest.mark.parametrize("condition", CONDITIONS, ids=str)
    def test_a_filter_finds_what_it_matches_and_nothing_else(self, server: Server, condition: Condition) -> None:
        index, where = self.filled(server), only(condition)
        if where.kinds - index.capabilities.conditions:
            with pytest.raises(BadInput, match="cannot filter by"):
                index.capabilities.check(where, "It")
            return
        wanted = [row.id for row in self.rows if where.matches(passage_of(row))]
        assert ids(index.dense(QUERY, 50, where).hits) == wanted
        if index.capabilities.counting:
            assert index.count(where) == len(wanted)
        if index.capabilities.listing:
            assert {passage.id for passage in index.listed(50, where)} == {*wanted}
        if index.capabilities.lexical:
            assert {*ids(index.lexical("refunds quotes number börse", 50, where).hits)} <= {*wanted}

    def test_a_time_with_an_offset_is_compared_as_an_instant_or_refused(self, server: Server) -> None:
        index = server.fill(OFFSETS)
        if "dated" not in index.capabilities.conditions:
            pytest.skip("no comparison of days")
        new_year = only(Dated(field="reviewed", after=date(2026, 1, 1)))
        later = only(Dated(field="reviewed", after=date(2026, 1, 5)))
        assert [row.id for row in OFFSETS if new_year.matches(passage_of(row))] == ["evening in the west", "day"]
        if self.compares_texts:
            with pytest.raises(BadInput, match=r"reviewed of .* has times with an offset to UTC"):
                index.dense(QUERY, 9, new_year)
        else:
            assert ids(index.dense(QUERY, 9, new_year).hits) == ["evening in the west", "day"]
            assert ids(index.dense(QUERY, 9, only(Not(condition=new_year.conditions[0]))).hits) == ["night in the east"]
        assert index.dense(QUERY, 9, later).hits == []

    def test_several_conditions_must_all_hold(self, server: Server) -> None:
        where = only(Equal(field="tenant", value="acme"), Equal(field="source", value="chat"))
        assert ids(self.filled(server).dense(QUERY, 50, where).hits) == [self.rows[2].id]

    def test_a_tenant_is_kept_apart_inside_the_search(self, server: Server) -> None:
        """The nearest 100 belong to another tenant: a search that drops them afterwards finds nothing."""
        index = server.fill(spread(200))
        where = only(Equal(field="tenant", value="t1"))
        found = ids(index.dense(QUERY, 20, where).hits)
        assert found == [f"row-{number:05}" for number in range(100, 120)]
        if index.capabilities.lexical:
            found = ids(index.lexical("fifth", 100, where).hits)
            assert {*found} == {f"row-{number:05}" for number in range(100, 200, 5)}

    # passages

    def test_passages_come_whole_and_several_at_once(self, server: Server) -> None:
        index = self.filled(server)
        wanted = [row.id for row in reversed(self.rows)]
        found = index.passages_by_id([*wanted, "not there"])
        assert list(found) == wanted
        assert [found[row.id] for row in self.rows] == [passage_of(row) for row in self.rows]
        assert index.passages_by_id([]) == {}

    def test_many_are_found_counted_and_fetched(self, server: Server) -> None:
        rows = spread(self.many)
        index = server.fill(rows)
        assert index.count() == self.many
        asked = np.array(at(-30), np.float32)  # from here the cosines of neighbours differ by more than a float rounds
        assert ids(index.dense(asked, 200).hits) == [row.id for row in rows[:200]]
        wanted = [row.id for row in rows]
        assert list(index.passages_by_id(wanted)) == wanted

    def test_some_are_listed_without_a_question(self, server: Server) -> None:
        index = self.filled(server)
        if not index.capabilities.listing:
            pytest.skip("no listing")
        assert len(index.listed(2)) == 2
        assert index.listed(3) == index.listed(3)
        assert {passage.id for passage in index.listed(50)} == {row.id for row in self.rows}

    def test_stored_vectors_are_given_back(self, server: Server) -> None:
        index = self.filled(server)
        found = index.vectors_by_id([self.rows[1].id, "not there"])
        assert list(found) == [self.rows[1].id]
        assert found[self.rows[1].id].tolist() == pytest.approx(self.rows[1].vector, abs=1e-6)
        assert found[self.rows[1].id].dtype == np.float32
        assert index.dimensions() == DIMENSIONS

    def test_what_is_deleted_there_is_found_no_more(self, server: Server) -> None:
        index = self.filled(server)
        self.needs(server, "delete")
        server.delete([self.rows[0].id])
        assert ids(index.dense(QUERY, 2).hits) == [self.rows[1].id, self.rows[2].id]
        assert index.passages_by_id([self.rows[0].id]) == {}

    def test_an_empty_index_finds_nothing(self, server: Server) -> None:
        index = server.fill([])
        assert index.count() == 0
        assert index.dense(QUERY, 5).hits == []
        assert index.listed(5) == []

    # threads

    def test_threads_find_what_one_finds(self, server: Server) -> None:
        index = server.fill(spread(60))
        vectors: list[Vectors] = [np.array(at(angle + 0.4), np.float32) for angle in range(0, 90, 6)]
        alone = [ids(index.dense(vector, 10).hits) for vector in vectors]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda vector: ids(index.dense(vector, 10).hits), vectors)) == alone

    def test_threads_that_read_in_different_ways_find_what_one_finds(self, server: Server) -> None:
        rows = spread(60)
        index = server.fill(rows)
        asks = [ask for _ in range(4) for ask in reads(index, [row.id for row in rows]).values()]
        alone = [ask(index) for ask in asks]
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda ask: ask(index), asks)) == alone

    # what can be wrong

    def test_a_vector_of_another_length_is_refused(self, server: Server) -> None:
        index = self.filled(server)
        with pytest.raises((WrongDimension, BadInput), match=r"4"):
            index.dense(np.ones(7, np.float32), 3)

    def test_wrong_credentials_are_said(self, server: Server) -> None:
        self.filled(server)
        self.needs(server, "credentials")
        with pytest.raises(EngineRefused, match="Enter the right one"):
            server.broken("credentials").dense(QUERY, 3)

    def test_a_missing_index_is_said(self, server: Server) -> None:
        self.filled(server)
        self.needs(server, "missing index")
        with pytest.raises(MissingIndex, match="There is no"):
            server.broken("missing index").dense(QUERY, 3)

    def test_a_missing_field_is_said(self, server: Server) -> None:
        self.filled(server)
        self.needs(server, "missing field")
        with pytest.raises(MissingField, match="has no field"):
            server.broken("missing field").passages_by_id([self.rows[0].id])

    def test_a_search_that_takes_too_long_is_given_up(self, server: Server) -> None:
        self.filled(server)
        self.needs(server, "time-out")
        with pytest.raises(EngineTimeout, match="did not answer within"):
            server.broken("time-out").dense(QUERY, 3)

    def test_a_server_that_goes_away_is_said_and_works_when_it_is_back(self, server: Server) -> None:
        index = self.filled(server)
        self.needs(server, "stop")
        before = index.dense(QUERY, 3).hits
        server.stop()
        try:
            for ask in (lambda: index.dense(QUERY, 3), lambda: index.passages_by_id(["refund"]), index.count):
                with pytest.raises(EngineGone, match="Nothing answers at"):
                    ask()
        finally:
            server.start()
        assert index.dense(QUERY, 3).hits == before
        assert list(index.passages_by_id(["refund"])) == ["refund"]

    def test_a_connection_that_breaks_in_an_answer_is_said_and_gives_no_part_of_it(self, server: Server) -> None:
        rows = spread(self.paged)
        index = server.fill(rows)
        self.needs(server, "stop")
        relay = Relay(server.port())
        try:
            for name, ask in reads(index, [row.id for row in rows]).items():
                breaks_are_said(name, ask, server, relay)
        finally:
            relay.close()

    @staticmethod
    def needs(server: Server, what: str) -> None:
        """Skip the test where the server cannot show that."""
        if why := server.cannot.get(what):
            pytest.skip(why)

    def filled(self, server: Server) -> IndexEngine:
        """The index of the six rows."""
        return server.fill(self.rows)
