"""The fields of a filter: tenant, source, updated since, and conditions on any other. Only fields that the collection
has are drawn.

`rag_core.corpus.facets` finds the values, and the searches apply the filter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date

import streamlit as st

from rag_core.corpus.facets import Facets
from rag_core.corpus.filter_check import unknown_fields
from rag_core.errors import SecondPassError
from rag_core.schema.filters import Condition, Dated, Filter, In, intersect, make_filter
from ui import caches, index_caches
from ui.panels import views
from ui.sidebar import conditions, indexes, link_values

EARLIEST = date(1900, 1, 1)
KEYS = ("tenant", "source", "since")
PLACE = re.compile(r"(x\d_)?(tenant|source|since)")
"""Keys of the fields: of the run's own filter, and of each extra search's."""


def facets_of(collection: str, owner: str) -> Facets:
    """What the collection can be filtered by. Empty where it cannot be opened; the page says so.

    On the first start the fields appear after the sample is indexed, unless the link asks for a filter.
    """
    try:
        if not caches.ready(collection) and not any(key.endswith((*KEYS, conditions.WHERE)) for key in st.query_params):
            return Facets()
        if connected := indexes.find(collection):
            return _of_index(connected)
        return caches.facets_of(caches.collection(collection, owner))
    except SecondPassError:
        return Facets()


def _of_index(connected: indexes.Connected) -> Facets:
    """What a connected index can be filtered by, and what is asked for, which its first passages may not have.

    Stops the page where that cannot be told while a filter is asked for: nothing is searched without it.
    """
    asked = _asked()
    try:
        found = index_caches.of_facets(connected.scope, connected.index.config.model_dump_json(), connected.collection)
    except SecondPassError as exc:
        if not asked:
            raise
        st.session_state.update({key: st.session_state[key] for key in asked if key in st.session_state})  # stays asked
        st.error(views.markdown(f"{exc} A filter is asked for, so nothing was searched."), icon=":material/error:")
        st.button(
            "Remove the filter", key="drop_filter", icon=":material/filter_alt_off:", on_click=_drop, args=(asked,)
        )
        st.stop()
    since = [date.fromisoformat(one) for key, values in asked.items() if key.endswith("since") for one in values]
    return found.with_(
        tenants=_with(found.tenants, asked, "tenant"),
        sources=_with(found.sources, asked, "source"),
        first=found.first or min(since, default=None),
        last=found.last or max(since, default=None),
    )


def _drop(asked: Iterable[str]) -> None:
    """Ask for none of these any more, in the session and in the link."""
    for key in asked:
        st.session_state.pop(key, None)
        if key in st.query_params:
            del st.query_params[key]


def _with(values: Sequence[str], asked: dict[str, list[str]], field: str) -> tuple[str, ...]:
    """The values and those that are asked for, sorted."""
    return tuple(sorted({*values, *(one for key, more in asked.items() if key.endswith(field) for one in more)}))


def _asked() -> dict[str, list[str]]:
    """By the key of a field: what the session asks for, or the link where the field was not drawn yet."""
    found = {key: st.query_params.get_all(key) for key in st.query_params if PLACE.fullmatch(key)}
    for key, value in st.session_state.items():
        if PLACE.fullmatch(str(key)):
            found[str(key)] = [str(one) for one in value] if isinstance(value, list) else [str(value or "")]
    return {key: kept for key, values in found.items() if (kept := [one for one in values if _sound(key, one)])}


def _sound(key: str, value: str) -> bool:
    """Whether it asks for anything: no empty value, and no date that is none."""
    if not key.endswith("since"):
        return bool(value)
    with suppress(ValueError):
        return bool(date.fromisoformat(value))
    return False


def main_filter(found: Facets, collection: str, owner: str) -> Filter | None:
    """The run's own filter, in the sidebar and in the link."""
    say_unknown(found)
    if not offered(found, collection):
        return None
    with st.expander("Filter", icon=":material/filter_alt:"):
        where = fields(found, collection)
    if where:
        st.caption(views.markdown(f"Searches only passages with {where}."))
        say_unknown_fields(where, collection, owner)
    return where


def offered(found: Facets, collection: str, prefix: str = "") -> bool:
    """Whether there is anything to filter by: a connected index may have fields that its first passages do not show."""
    return found.any or bool(conditions.asked(prefix)) or indexes.find(collection) is not None


def fields(found: Facets, collection: str, prefix: str = "") -> Filter | None:
    """The fields that the collection offers, each bound to the link under `prefix` and its key."""
    tenant, source, since = (f"{prefix}{key}" for key in KEYS)
    where = make_filter(
        _several("Tenant", found.tenants, tenant),
        _several("Source", found.sources, source),
        _since(found, since) if found.first else None,
    )
    return intersect(where, conditions.draw(found, indexes.find(collection) is not None, prefix))


def say_unknown_fields(where: Filter, collection: str, owner: str) -> None:
    """Warn where no document of the collection has a field of the filter."""
    if indexes.find(collection) is None and (told := unknown_fields(where, caches.collection(collection, owner))):
        st.warning(views.markdown(told), icon=":material/filter_alt:")


def put(where: Filter | None, prefix: str = "") -> None:
    """Set the fields to a filter: what tenant, source and since cannot say becomes a condition. For callbacks."""
    values: dict[str, object] = {"tenant": [], "source": [], "since": None}
    others: list[Condition] = []
    for one in where.conditions if where else ():
        if isinstance(one, In) and one.field in KEYS[:2] and _choosable(one) and not values[one.field]:
            values[one.field] = list(one.values)
        elif isinstance(one, Dated) and one.after and one == Dated(after=one.after) and not values["since"]:
            values["since"] = one.after
        else:
            others.append(one)
    st.session_state.update({f"{prefix}{key}": value for key, value in values.items()})
    conditions.put(others, prefix)


def _choosable(one: In) -> bool:
    """Whether a field can have these values chosen: some, and each a text that is not empty."""
    return bool(one.values) and all(isinstance(value, str) and value for value in one.values)


def say_unknown(found: Facets, prefix: str = "") -> None:
    """Warn where a link filters by a value that this collection does not have, or by a date where it has no two."""
    for key, values in zip(KEYS, (found.tenants, found.sources), strict=False):
        unknown = [one for one in st.query_params.get_all(f"{prefix}{key}") if one and one not in values]
        if unknown:
            asked = f"The link filters by {key} {', '.join(unknown)}"
            message = f"{asked}. This collection does not have it, so that filter is off."
            st.warning(views.markdown(message), icon=":material/link_off:")
    since = st.query_params.get(f"{prefix}since")
    if since and not found.first:
        message = f"The link filters by since {since}. This collection has no two dates, so that filter is off."
        st.warning(views.markdown(message), icon=":material/link_off:")


def _several(label: str, values: Sequence[str], key: str) -> list[str]:
    if not values:
        return []
    if key in st.session_state:  # another collection may not have what was chosen in the last one
        st.session_state[key] = [value for value in st.session_state[key] if value in values]
    told = f"Search only passages with one of these values. Empty: any {label.lower()}."
    return st.multiselect(label, values, key=key, bind="query-params", placeholder="Any", help=told)


def _since(found: Facets, key: str) -> date | None:
    latest = max(found.last or EARLIEST, date.today())
    told = f"The documents are dated {found.first} to {found.last}. " if found.first != found.last else ""
    link_values.day(key, "Updated since", EARLIEST, latest)
    return st.date_input(
        "Updated since",
        value=None,
        min_value=EARLIEST,
        max_value=latest,
        key=key,
        bind="query-params",
        help=f"{told}Documents without a date are left out.",
    )
