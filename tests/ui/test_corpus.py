"""The corpus page: what is indexed in the background is neither lost nor forgotten, whatever its visitor does."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.corpus.indexing_jobs import KIND, SAMPLE_KIND, indexing_work
from rag_core.corpus.sample import SAMPLE
from rag_core.corpus.storage.orders import IndexingOrder, OrderBook
from tests.corpus.doubles import WordEmbedder
from tests.ui.pages import noted
from ui import caches

PAGE = str(Path(__file__).parents[2] / "pages" / "8_corpus.py")
OWNER = "ab" * 16
TABLE = b"name,description,price_eur\n" + b"".join(b"Item %d,A thing numbered %d.,9\n" % (n, n) for n in range(80))
pytestmark = pytest.mark.usefixtures("sample")


def corpus(owner: str = OWNER, **query: str) -> AppTest:
    at = AppTest.from_file(PAGE, default_timeout=300)
    at.session_state["owner"] = owner
    for name, value in query.items():
        at.query_params[name] = value
    return drawn(at.run())


def drawn(at: AppTest) -> AppTest:
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    shown = (*at.markdown, *at.caption, *at.info, *at.success, *at.warning, *at.error)
    return " ".join(str(one.value) for one in shown).replace("\\", "")


def keys(at: AppTest) -> list[str]:
    return [str(button.key) for button in at.button]


def uploaded(at: AppTest, *files: tuple[str, bytes, str], name: str = "Shop") -> AppTest:
    at.file_uploader(key="files_0").set_value(list(files)).run()
    at.text_input(key="new_collection").set_value(name).run()
    return drawn(at.button(key="index").click().run())


def the_order(owner: str = OWNER) -> IndexingOrder:
    (order,) = OrderBook(caches.private(owner).root).all().found
    return order


def test_clicks_a_reload_and_another_tab_change_nothing_about_an_upload() -> None:
    at = uploaded(corpus(), ("items.csv", TABLE, "text/csv"))
    drawn(at.radio(key="where_to").set_value("A new collection").run())
    again = corpus()
    for page in (at, again):
        assert "Adding 1 file to Shop" in said(page) or "indexed in Shop" in said(page)
    assert caches.job_book().join(the_order().id).state == "done"
    assert caches.private(OWNER).manifest("Shop").documents == 80
    assert "80 documents were indexed in Shop." in said(drawn(at.run()))
    assert "ask_about" in keys(corpus())
    assert "Shop" not in said(corpus("cd" * 16))


def test_each_file_has_its_result_and_close_puts_it_away() -> None:
    at = uploaded(corpus(), ("a.txt", b"Hello there.", "text/plain"), ("b.pdf", b"%PDF-1.4 cut", "application/pdf"))
    caches.job_book().join(the_order().id)
    drawn(at.run())
    assert "1 document was indexed in Shop." in said(at) and "Left out: b.pdf: It is damaged" in said(at)
    table = next(frame.value for frame in at.dataframe if "Result" in frame.value)
    assert list(table["Result"]) == ["Read", "Not read"]
    drawn(at.button(key=f"close_{the_order().id}").click().run())
    assert "indexed in Shop" not in said(at)


def test_a_file_that_got_a_number_is_named_so_before_and_after_it_is_indexed() -> None:
    at = corpus()
    files = [("notes.md", b"# One", "text/markdown"), ("notes.md", b"# Two", "text/markdown")]
    drawn(at.file_uploader(key="files_0").set_value(files).run())
    assert "the later one is indexed as notes (2).md" in said(at) and "**notes (2).md**: 1 document" in said(at)
    uploaded(at, *files)
    caches.job_book().join(the_order().id)
    drawn(at.run())
    assert "the later one was indexed as notes (2).md" in said(at)
    table = next(frame.value for frame in at.dataframe if "Result" in frame.value)
    assert list(table["File"]) == ["notes.md", "notes (2).md"]


def test_a_name_that_is_being_made_is_taken() -> None:
    place(WordEmbedder(), start=False)
    at = uploaded(corpus(), ("a.txt", b"Hello there.", "text/plain"))
    assert "There is a collection called Shop already" in said(at)


class Waiting(WordEmbedder):
    """Waits in its first embedding until told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.go_on = threading.Event(), threading.Event()

    def embed(self, texts, progress=None):
        self.began.set()
        assert self.go_on.wait(60)
        return super().embed(texts, progress)


def place(embedder: WordEmbedder, *, start: bool = True) -> IndexingOrder:
    """An upload of the owner; begun with that embedder, or written down by a process that died before it began."""
    library = caches.private(OWNER)
    orders = OrderBook(library.root)
    order = IndexingOrder(action="upload", name="Shop", new=True, owner=OWNER, by=OWNER, files=("items.csv",))
    orders.place(order, [TABLE])
    if start:
        caches.job_book().start(KIND, 0, indexing_work(order, orders, library, embedder), job_id=order.id)
    return order


def test_stop_then_go_on() -> None:
    slow = Waiting()
    order = place(slow)
    assert slow.began.wait(60)
    at = corpus()
    assert "Adding 1 file to Shop" in said(at)
    drawn(at.button(key=f"stop_{order.id}").click().run())
    slow.go_on.set()
    assert caches.job_book().join(order.id).state == "cancelled"
    drawn(at.run())
    assert "Stopped" in said(at) and "What was read and embedded is kept." in said(at)
    drawn(at.button(key=f"go_on_{order.id}").click().run())
    assert caches.job_book().join(order.id).state == "done"
    assert "80 documents were indexed in Shop." in said(drawn(at.run()))


def test_an_upload_whose_process_died_can_go_on_or_be_discarded() -> None:
    order = place(WordEmbedder(), start=False)
    at = corpus()
    assert "Interrupted" in said(at)
    drawn(at.button(key=f"discard_{order.id}").click().run())
    assert OrderBook(caches.private(OWNER).root).all().found == () and "Shop" not in said(at)


def test_rechunking_copying_and_sharing_run_in_the_background_too() -> None:
    at = corpus()
    drawn(at.button(key="copy").click().run())
    caches.job_book().join(the_order().id)
    mine = corpus(c="My sample 1")
    mine.slider(key="size").set_value(32)
    drawn(next(one for one in mine.button if one.label == "Re-chunk").click().run())
    caches.job_book().join(the_order().id)
    assert "My sample 1 is now cut into 3 passages of up to 32 tokens." in said(drawn(mine.run()))
    drawn(mine.button(key="share").click().run())
    caches.job_book().join(the_order().id)
    assert caches.shared().manifest("My sample 1").owner is None
    assert "My sample 1" in corpus("cd" * 16).selectbox(key="c").options


def test_the_sample_is_indexed_once_and_a_second_session_sees_how_far_it_is() -> None:
    hold = threading.Event()
    job = caches.job_book().start(SAMPLE_KIND, 0, lambda control: _reach(control, hold))
    pages: list[AppTest] = []
    waiting = threading.Thread(target=lambda: pages.append(corpus()))
    waiting.start()
    caches.job_book().cancel(job.id)
    hold.set()
    waiting.join()
    (at,) = pages
    assert "Indexing the sample corpus was interrupted" in said(at)
    assert "index" in keys(at)
    drawn(at.button(key="sample_again").click().run())
    assert "3 documents" in said(at) and SAMPLE in caches.shared().names()


def _reach(control, hold: threading.Event) -> str:
    control.reach(1, 4, "Embedding passages: 1 of 4")
    assert hold.wait(60)
    raise _stopped()


def _stopped() -> Exception:
    from rag_core.errors import Stopped

    return Stopped("Stopped.")


def test_the_preview_names_the_columns_that_no_search_looks_at() -> None:
    at = corpus()
    files = [("items.csv", TABLE, "text/csv"), ("note.txt", b"The tail of the note.", "text/plain")]
    drawn(at.file_uploader(key="files_0").set_value(files).run())
    assert "Searched: description, name (as the title). Not searched: price_eur" in said(at)
    (text,) = at.multiselect
    drawn(text.set_value(["description", "price_eur"]).run())
    assert "Not searched" not in said(at)
    assert "note.txt: 1 document" in said(at).replace("**", "")
    assert any("The tail of the note." in str(block.proto) for block in at.get("html"))
    at.text_input(key="new_collection").set_value("Shop").run()
    drawn(at.button(key="index").click().run())
    caches.job_book().join(the_order().id)
    lines = next(caches.private(OWNER).root.rglob("documents.jsonl")).read_text().splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert "description: A thing numbered 0.\nprice_eur: 9" in texts


def test_the_columns_of_json_are_chosen_as_those_of_a_table() -> None:
    lines = b'{"page_content": "It shines.", "metadata": {"price_eur": 49, "source": "shop"}}\n'
    at = corpus()
    drawn(at.file_uploader(key="files_0").set_value([("items.jsonl", lines, "application/x-ndjson")]).run())
    assert "Searched: page_content. Not searched: price_eur" in said(at)
    (text,) = at.multiselect
    drawn(text.set_value(["page_content", "price_eur"]).run())
    at.text_input(key="new_collection").set_value("Shop").run()
    drawn(at.button(key="index").click().run())
    caches.job_book().join(the_order().id)
    (line,) = next(caches.private(OWNER).root.rglob("documents.jsonl")).read_text().splitlines()
    assert json.loads(line)["text"] == "page_content: It shines.\nprice_eur: 49"


def test_the_preview_shows_the_encoding_and_doubts_it() -> None:
    row = "Клиент может вернуть товар в течение 14 дней."
    files = [
        ("items.csv", f"id,text\n1,{row}\n".encode("cp1251"), "text/csv"),
        ("note.txt", "Zboží můžete vrátit do čtrnácti dnů bez udání důvodu.".encode("iso-8859-2"), "text/plain"),
    ]
    at = corpus()
    drawn(at.file_uploader(key="files_0").set_value(files).run())
    assert "items.csv, read as Windows-1251" in said(at).replace("**", "")
    assert "note.txt: 1 document, read as ISO 8859-2" in said(at).replace("**", "")
    notes = noted(at)
    assert ["Mac Cyrillic" in notes[0]["Why"][0], "Windows-1250" in notes[1]["Why"][0]] == [True, True]


def test_what_is_not_read_of_a_table_is_named_before_and_after_it_is_indexed() -> None:
    rows = [
        "Price list",
        "",
        "sku;name;description;price_eur",
        "A1;Lamp;Shines;49",
        'A2;Chair;"Stands;30',
        "A3;Bed;X;9",
    ]
    table = "\n".join(rows).encode()
    at = corpus()
    drawn(at.file_uploader(key="files_0").set_value([("items.csv", table, "text/csv")]).run())
    (before,) = noted(at)
    assert list(before["Words"]) == ["Price list", 'A2;Chair;"Stands;30']
    assert "Not searched: price_eur" in said(at)
    uploaded(at, ("items.csv", table, "text/csv"))
    caches.job_book().join(the_order().id)
    shown, *_ = noted(corpus(c="Shop"))
    assert list(shown["Where"]) == ["line 1", "row 2", "column price_eur"]
    assert caches.private(OWNER).manifest("Shop").documents == 3


def test_a_link_to_what_is_gone_says_so_but_not_to_who_was_sent_away() -> None:
    at = corpus(c="Gone")
    assert "There is no collection Gone" in at.warning[0].value
    at.query_params["c"] = "Gone"
    at.session_state["go_to"] = "Sample corpus"
    drawn(at.run())
    assert not at.warning


def after_a_removal(folder: str, left: str) -> None:
    """A page that says what is left of a collection, whose database cannot be used."""
    import streamlit as st

    from rag_core.evaluation.calibration_book import CalibrationBook
    from rag_core.storage.database import Store
    from ui.panels.manage_collection import removed

    if "corpus_note" not in st.session_state:
        removed("Shop", CalibrationBook(Store(f"sqlite:///{folder}")), left)
    st.markdown(st.session_state["corpus_note"])


@pytest.mark.parametrize("left", ["", "Its token vectors may be left: why."])
def test_a_collection_that_is_gone_is_said_to_be_with_what_may_be_left_of_it(tmp_path: Path, left: str) -> None:
    at = drawn(AppTest.from_function(after_a_removal, args=(str(tmp_path), left)).run())
    assert at.session_state["go_to"] == SAMPLE
    (told,) = at.markdown
    assert told.value.startswith(f"Shop was removed. {left}".strip()) and "Its calibrations may be left: " in told.value
