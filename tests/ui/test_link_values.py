"""A value of a link that a setting cannot have is named, with what is accepted and what the setting is now."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("sample")


def opened(**query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages" / "1_inspect.py"), default_timeout=300)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def notes(at: AppTest) -> list[str]:
    assert not at.exception
    return [one.value.replace("\\", "") for one in at.sidebar.warning]


@pytest.mark.parametrize(
    ("key", "asked", "accepted"),
    [
        ("pool", "9999", "from 1 to 200"),
        ("k", "abc", "from 1 to 20"),
        ("t_probability", "7", "from 0 to 1"),
        ("depth", "0", "from 1 to"),
        ("w_freshness", "2", "from 0 to 1"),
        ("early", "sometimes", "one of: off, "),
    ],
)
def test_a_value_that_does_not_fit_is_named(key: str, asked: str, accepted: str) -> None:
    (told,) = notes(opened(q="refunds", **{key: asked}))
    assert f" to {asked}. It must be " in told and accepted in told and " now." in told


def test_the_note_stays_until_the_setting_is_changed() -> None:
    at = opened(pool="9999", k="3")
    assert not at.slider(key="pool").label.endswith("*") and at.slider(key="k").label.endswith("*")
    assert len(notes(at.run())) == 1 and at.slider(key="k").value == 3
    assert notes(at.slider(key="pool").set_value(20).run()) == []


def test_reset_drops_the_note() -> None:
    at = opened(k="abc")
    assert notes(at)
    assert notes(at.button(key="reset").click().run()) == []


def test_a_link_that_fits_has_no_note() -> None:
    assert notes(opened(pool="20", k="3", t_probability="0.2", early="when nothing can change")) == []
