"""Conditions on any field: those that are in force, and a row that adds one. The link carries each as it is written
(`rag_core.schema.written_filters`), under the name of its place and `where`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import streamlit as st

from rag_core.corpus.facets import MOST_VALUES, Facets
from rag_core.errors import BadInput
from rag_core.schema.filters import Condition, Filter
from rag_core.schema.written_filters import FORMS, condition_on, read_filter, written_filter
from ui.panels import views

WHERE = "where"
SIGNS = {"=": "is", "!=": "is not", ">=": "is on or after", "<": "is before"}
DAYS = (">=", "<")


def asked(prefix: str = "") -> list[str]:
    """The conditions that this session asks for, or the link where they were not drawn yet."""
    key = f"{prefix}{WHERE}"
    found = st.session_state[key] if key in st.session_state else st.query_params.get_all(key)
    return [str(one) for one in found if str(one).strip()]


def check(prefixes: Iterable[str]) -> None:
    """Stops the page, in words, where one of the conditions cannot be read: nothing is searched without it."""
    for prefix in prefixes:
        for written in asked(prefix):
            try:
                read_filter([written])
            except BadInput as exc:
                key = f"{prefix}{WHERE}"
                st.session_state[key] = asked(prefix)  # stays asked
                st.error(views.markdown(f"{exc} Nothing was searched."), icon=":material/error:")
                st.button(
                    "Remove this condition",
                    key="drop_condition",
                    icon=":material/filter_alt_off:",
                    on_click=_remove,
                    args=(prefix, written),
                )
                st.stop()


def put(conditions: Sequence[Condition], prefix: str = "") -> None:
    """Set the conditions. For callbacks."""
    st.session_state[f"{prefix}{WHERE}"] = written_filter(Filter(conditions=tuple(conditions)))


def draw(found: Facets, more_fields: bool, prefix: str = "") -> Filter | None:
    """The conditions in force and the row that adds one. more_fields: whether there may be fields and values that
    `found` does not know, so that others can be typed. `check` was called before."""
    key, written = f"{prefix}{WHERE}", asked(prefix)
    if written:
        st.session_state[key] = written
        told = "Of several values of one field, one is enough; all else must hold."
        st.multiselect("Conditions", written, key=key, placeholder="None", help=f"{told} In a link: {FORMS}.")
    if not written and key in st.query_params:
        del st.query_params[key]
    elif st.query_params.get_all(key) != written:  # Streamlit does not bind a control that comes with its value
        st.query_params[key] = written
    _adder(found, more_fields, prefix)
    return read_filter(written)


def _adder(found: Facets, more_fields: bool, prefix: str) -> None:
    """The row that adds a condition: its field, and once that is chosen, the rest."""
    fields = {"updated_at": (), "document_id": (), **{one.name: one.values for one in found.fields}}
    if not found.first:
        del fields["updated_at"]
    field = st.selectbox(
        "Add a condition",
        sorted(fields),
        index=None,
        key=f"{prefix}new_field",
        accept_new_options=more_fields,
        placeholder="On a field of the metadata",
    )
    if not field:
        return
    sign = st.selectbox("Comparison", list(SIGNS), format_func=SIGNS.__getitem__, key=f"{prefix}new_sign")
    place = f"{prefix}new_value_{'day' if sign in DAYS else field}"
    known = fields.get(field, ())
    if sign in DAYS:
        st.date_input("Day", value=None, min_value=date(1, 1, 1), max_value=date(9999, 12, 31), key=place)
    else:
        st.selectbox(
            "Value",
            known,
            index=None,
            key=place,
            accept_new_options=more_fields or not 0 < len(known) < MOST_VALUES,
            placeholder="Choose or type one",
        )
    st.button(
        "Add",
        key=f"{prefix}add_condition",
        icon=":material/add:",
        disabled=st.session_state.get(place) in (None, ""),
        on_click=_add,
        args=(prefix, field, sign, place),
    )


def _add(prefix: str, field: str, sign: str, place: str) -> None:
    value = st.session_state[place]
    one = condition_on(field, sign, value.isoformat() if isinstance(value, date) else str(value))
    st.session_state[f"{prefix}{WHERE}"] = list(dict.fromkeys([*asked(prefix), one]))
    for key in (place, f"{prefix}new_field"):
        st.session_state[key] = None


def _remove(prefix: str, written: str) -> None:
    st.session_state[f"{prefix}{WHERE}"] = [one for one in asked(prefix) if one != written]
