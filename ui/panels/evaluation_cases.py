"""Triage cases as labelled questions: those of the open collection, or of another one by choice, as of the same
documents in another engine."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import streamlit as st

from rag_core.evaluation.sets import LabelledSet
from rag_core.triage.labelled_cases import set_of_cases
from rag_core.wording.numbers import count_of
from ui import caches
from ui.panels import views

KEY = "eval_cases_of"


def there(collection: str) -> bool:
    """Whether the collection has a triage case, be it one that cannot be read."""
    listed = caches.case_book().find(collection=collection)
    return bool(listed.left_out) or any(not one.recorded for one in listed.found)


def labelled(collection: str, instead: str) -> LabelledSet | None:
    """The set of the cases; a hint, which names the source to use `instead`, and None where there are none."""
    chosen = _chosen(collection)
    if revisions := _cases(chosen):
        if chosen != collection:
            told = (
                f"These cases were saved on “{chosen}”. Their documents are looked for in “{collection}” by their ids."
            )
            st.caption(views.markdown(told))
        return _of_cases(revisions)
    none = f"{chosen} has no triage case yet." if KEY in st.session_state else "There is no triage case yet."
    others = "choose those of another collection above, " if KEY in st.session_state else ""
    told = (
        f"{none} Save some in Triage, and they become labelled questions here; {others}or choose “{instead}” above to"
    )
    st.info(views.markdown(f"{told} upload some."), icon=":material/info:")
    return None


def _chosen(collection: str) -> str:
    """Whose cases: a choice where another collection has some too."""
    counts = Counter(row.collection for row in caches.case_book().find().found if not row.recorded)
    names = [collection, *sorted(counts.keys() - {collection})]
    if len(names) == 1:
        return collection
    if st.session_state.get(KEY) not in names:
        st.session_state[KEY] = collection
    labels = {name: f"{name}, {count_of(counts[name], 'case')}" for name in names}
    return str(st.selectbox("Cases of", names, key=KEY, format_func=labels.__getitem__))


def _cases(collection: str) -> tuple[tuple[str, datetime], ...]:
    """Id and latest change of each case of the collection, none of a recorded run; a note for each one that cannot be
    read."""
    listed = caches.case_book().find(collection=collection)
    views.left_out("case", listed.left_out)
    return tuple((one.id, one.updated_at) for one in listed.found if not one.recorded)


@st.cache_resource(max_entries=8, show_spinner="Reading the cases")
def _of_cases(revisions: tuple[tuple[str, datetime], ...]) -> LabelledSet:
    """The set that these revisions of cases make. A case holds a whole trace, so each is read once."""
    return set_of_cases(caches.case_book().get(case_id) for case_id, _ in revisions)
