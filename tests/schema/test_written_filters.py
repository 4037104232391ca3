"""A filter that is written down is read as the same filter, and what is no condition is refused with what is wrong."""

from datetime import date

import pytest

from rag_core.corpus.facets import facets
from rag_core.errors import BadInput
from rag_core.schema.base import Scalar
from rag_core.schema.documents import Passage
from rag_core.schema.filters import AllOf, AnyOf, Condition, Dated, Equal, Filter, In, Not, make_filter
from rag_core.schema.written_filters import condition_on, read_filter, written_filter
from tests.builders import passage

JUNE = date(2026, 6, 1)


def having(**metadata: Scalar) -> Passage:
    """A passage with this metadata."""
    return passage("a", updated_at=JUNE).model_copy(update={"metadata": metadata})


PRO, BASIC, NOTHING = having(product="Pro", year=2026), having(product="Basic", year="2026"), having()


def matching(*conditions: str) -> list[bool]:
    """Whether each of the three matches."""
    where = read_filter(conditions)
    assert where is not None
    return [where.matches(one) for one in (PRO, BASIC, NOTHING)]


def test_each_form_means_what_it_says() -> None:
    assert matching("product=Pro") == [True, False, False]
    assert matching("product = Pro") == [True, False, False]
    assert matching("product!=Pro") == [False, True, True]
    assert matching("product=Pro", "product=Basic") == [True, True, False]  # of one field, one is enough
    assert matching("product=Pro", "year=2025") == [False, False, False]  # of two, both
    assert matching('{"kind": "any", "conditions": [{"kind": "equal", "field": "product", "value": "Basic"}]}') == [
        False,
        True,
        False,
    ]


def test_a_number_is_meant_as_it_is_kept_and_a_text_in_quotes_is_a_text() -> None:
    assert matching("year=2026") == [True, True, False]
    assert matching('year="2026"') == [False, True, False]
    flagged = having(open=True)
    assert [Filter.matches(found, flagged) for one in ("true", "1") if (found := read_filter([f"open={one}"]))] == [
        True,
        False,
    ]


def test_days_are_compared_by_two_signs() -> None:
    dated = having(reviewed="2026-03-14T10:00")
    for written, holds in (
        ("reviewed>=2026-03-14", True),
        ("reviewed<2026-03-14", False),
        ("reviewed < 2026-03-15", True),
        ("updated_at>=2026-06-02", False),
    ):
        where = read_filter([written])
        assert where is not None and where.matches(dated) is holds, written


CONDITIONS: tuple[Condition, ...] = (
    Equal(field="product", value="Pro"),
    Equal(field="product", value=" Pro"),
    Equal(field="product", value=""),
    Equal(field="product", value='"quoted"'),
    Equal(field="product", value="a=b, c"),
    Equal(field="product", value="=b"),
    Equal(field="a<b", value="c"),
    Equal(field="{a", value="c"),
    Equal(field="", value="c"),
    Equal(field="year", value="2026"),
    Equal(field="year", value=2026),
    Equal(field="year", value=2026.0),
    Equal(field="open", value=True),
    In(field="year", values=("2026", 2026)),
    In(field="year", values=(2026, "2026")),
    In(field="year", values=("2026", 2025)),
    In(field="product", values=("Pro", "Basic")),
    In(field="product", values=()),
    Not(condition=Equal(field="product", value="Pro")),
    Not(condition=In(field="product", values=("Pro", "Basic"))),
    Not(condition=In(field="year", values=("2026", 2026))),
    Not(condition=Not(condition=Equal(field="product", value="Pro"))),
    Dated(after=JUNE),
    Dated(field="reviewed", before=JUNE),
    Dated(field="reviewed", after=JUNE, before=JUNE),
    Dated(field="a>b", after=JUNE),
    Dated(),
    AllOf(conditions=()),
    AnyOf(conditions=(Equal(field="a", value="b"), Dated(after=JUNE))),
)


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_what_is_written_is_read_again(condition: Condition) -> None:
    where = Filter(conditions=(condition,))
    assert same(read_filter(written_filter(where)), where)


def test_two_conditions_on_one_field_that_must_both_hold_stay_two() -> None:
    where = Filter(conditions=(Equal(field="tag", value="a"), Equal(field="tag", value="b"), Dated(after=JUNE)))
    assert same(read_filter(written_filter(where)), where)
    assert written_filter(where)[0] == "tag=a"
    assert written_filter(None) == []


def test_the_sidebars_own_fields_are_written_plainly() -> None:
    where = make_filter(tenants=["acme", "all"], sources=["faq"], since=JUNE)
    assert written_filter(where) == ["tenant=acme", "tenant=all", "source=faq", "updated_at>=2026-06-01"]


TEXTS = ("Pro", " Pro ", "", "2026", '"', "=x", "true", 'say "so"', "1e5", "9" * 30, "1e999", "-" + "0" * 5000)
LARGEST, SMALLEST = 1.7976931348623157e308, 5e-324
NUMBERS = (0, -7, 1234567890123456789, 2**63 - 1, -(2**63), 1e-05, 1e22, 0.1 + 0.2, -0.0, LARGEST, SMALLEST, True)


@pytest.mark.parametrize("value", [*TEXTS, *NUMBERS], ids=lambda value: str(value)[:30])
@pytest.mark.parametrize("field", ["product", "a=b", "{x", "two words"])
def test_a_value_that_is_offered_and_was_chosen_is_found(field: str, value: Scalar) -> None:
    kept, other = having(**{field: value}), having()
    (offered,) = facets([kept, other]).fields
    assert offered.name == field and len(offered.values) == 1
    where = read_filter([condition_on(field, "=", offered.values[0])])
    assert where is not None and where.matches(kept) and not where.matches(other)
    without = read_filter([condition_on(field, "!=", offered.values[0])])
    assert without is not None and not without.matches(kept) and without.matches(other)
    for each in (where, without):
        assert same(read_filter(written_filter(each)), each)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("product", "names no field and value"),
        ("=Pro", "names no field"),
        ("product=", "names no value"),
        ("product==Pro", "one “=”"),
        ("price>=10", "“10” is no day"),
        ("reviewed>2026-01-01", "There is no “>”"),
        ("reviewed<=2026-01-01", "There is no “<=”"),
        ("reviewed<2026-02-30", "“2026-02-30” is no day"),
        ('product="Pro', "begins with a double quote"),
        ("{product: Pro}", "no JSON"),
        ('{"kind": "equal", "field": "product"}', "value"),
        ('{"kind": "like", "field": "product", "value": "P"}', "kind"),
        ('{"conditions": [{"kind": "equal"}]}', "missing"),
        ('{"kind": "not", "condition": ' * 20_000, "no JSON"),
    ],
)
def test_what_is_no_condition_is_refused_in_words(written: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_filter(["region=eu", written])
    assert told in str(refused.value)
    assert "FIELD=VALUE" in str(refused.value)


def same(one: Filter | None, other: Filter) -> bool:
    """Equal as they are saved, in which 1 is not true."""
    return one is not None and one.model_dump_json() == other.model_dump_json()
