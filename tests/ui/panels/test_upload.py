"""What an upload says of the files that it could not read."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from rag_core.corpus.loading.load import Loaded
from rag_core.corpus.loading.sandbox import Upload
from rag_core.errors import DocumentError
from ui.panels.upload import NAMED, left_out


def broken(name: str) -> Upload:
    return Upload(name, Loaded(problems=(DocumentError(name, "It is damaged."),)))


def test_what_is_left_out_is_named_with_its_reason() -> None:
    assert list(left_out([Upload("good.txt", Loaded()), broken("bad.pdf")])) == ["Left out: bad.pdf: It is damaged."]


def test_many_are_counted() -> None:
    said = list(left_out([broken(f"{n}.pdf") for n in range(NAMED + 3)]))
    assert len(said) == NAMED + 1
    assert said[-1] == "Left out: 3 more, named in the table of the upload."


ROOT = Path(__file__).parents[3]


def test_a_link_to_what_is_gone_says_so_but_not_to_who_was_sent_away(sample: None) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "8_corpus.py"), default_timeout=300)
    at.query_params["c"] = "Gone"
    at.run()
    assert not at.exception
    assert "There is no collection Gone" in at.warning[0].value
    at.query_params["c"] = "Gone"
    at.session_state["go_to"] = "Sample corpus"
    at.run()
    assert not at.exception and not at.warning
