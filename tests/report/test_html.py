"""The report is one file without script, and nothing in it comes alive."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from rag_core.pipeline.replay import replay
from rag_core.report.html import html_report
from rag_core.schema.answers import Answer, Citation, SentenceCheck
from rag_core.schema.policy import Policy
from rag_core.schema.threshold import Threshold
from tests.builders import measurement, passage

WICKED = '</style><script>alert(1)</script><img src=x onerror="alert(1)">{{7*7}} & "quoted"'
ALLOWED = {"details", "summary", "figure", "figcaption", "section", "svg", "line", "rect", "text", "table", "thead"}
ALLOWED |= {"tbody", "tr", "td", "th", "h1", "h2", "p", "div", "pre", "small", "br", "html", "head", "body", "meta"}
ALLOWED |= {"title", "style"}


class Tags(HTMLParser):
    """The tags and attributes that a browser would see, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


def wicked_trace(minimum: float | None = 0.2):
    evil = passage("a", WICKED, document_id=WICKED, source=WICKED).model_copy(
        update={"title": WICKED, "heading_path": (WICKED,)}
    )
    measured = measurement("abc", "ca", {"a": 2.0, "b": 0.0, "c": -3.0}, passages=[evil], query=WICKED)
    check = SentenceCheck(
        start=0, end=len(WICKED), verdict="not found", cited=(1,), passage_id="a", number=1, quote=WICKED
    )
    answer = Answer(
        kind="chat",
        text=WICKED,
        citations=(Citation(number=1, passage_id="a", quote=WICKED),),
        model=WICKED,
        checks=(check,),
    )
    policy = Policy(reranker="ce", top_k=2, threshold=Threshold(minimum=minimum))
    return replay(measured, policy).model_copy(update={"recorded_answer": answer})


@pytest.fixture
def seen() -> Tags:
    tags = Tags()
    tags.feed(html_report(wicked_trace()))
    return tags


def test_no_tag_or_handler_comes_from_a_document(seen: Tags):
    assert seen.tags <= ALLOWED
    assert not {name for name in seen.attributes if name.startswith("on")}
    assert not seen.attributes & {"src", "href", "srcset", "style", "action", "xlink:href"}


def test_the_documents_text_is_all_there(seen: Tags):
    assert seen.words.count("<script>alert(1)</script>") >= 5


def test_nothing_is_loaded_from_elsewhere():
    page = html_report(wicked_trace())
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|@import|url\(", page)


def test_it_tells_the_run(seen: Tags):
    for told in ("Rank movement", "2 of 3 candidates are at or over probability 0.20", "ce: ran", "fused rank"):
        assert told in seen.words


def test_it_tells_what_was_not_found(seen: Tags):
    assert "Not found in the cited passage [1]" in seen.words


def test_it_stands_without_threshold_answer_or_candidates():
    assert "<svg" in html_report(wicked_trace(minimum=None).model_copy(update={"recorded_answer": None}))
    assert "Nothing in toy matched" in html_report(replay(measurement("", "", {}), Policy(reranker="ce")))
