"""Letters of a web page that a person does not see: in the colour of the page, without ink or size."""

from __future__ import annotations

import pytest

from rag_core.corpus.loading.load import load_bytes


def read(body: str, css: str = "", head: str = "") -> tuple[str, list[tuple[str, str]]]:
    """The text without the first line, and the notes."""
    page = f"<!doctype html><html><head>{head}<style>{css}</style></head><body><p>Fees.</p>{body}</body></html>"
    loaded = load_bytes("a.html", page.encode())
    return loaded.documents[0].text.removeprefix("Fees.").strip(), [
        (note.kind, note.text) for note in loaded.files[0].notes
    ]


@pytest.mark.parametrize(
    ("css", "body"),
    [
        ("", "<p style='color: white'>ghost</p>"),
        ("", "<p style='color: #FEFEFE'>ghost</p>"),
        ("", "<p style='color: hsl(0, 0%, 100%)'>ghost</p>"),
        ("", "<p style='color: rgba(255, 255, 255, 0.9)'>ghost</p>"),
        ("", "<font color='#ffffff'>ghost</font>"),
        ("", "<p style='background: black'>ghost</p>"),
        ("", "<table bgcolor=navy><tr><td style='color: #000080'>ghost</td></tr></table>"),
        ("p {color: #222} .x {color: #fff}", "<p class=x>ghost</p>"),
        ("body {--paper: #fff} .x {color: var(--paper)}", "<p class=x>ghost</p>"),
        (".dark {background: #123456} .dark p {color: #123456}", "<div class=dark><p>ghost</p></div>"),
        ("", "<div style='background: black; color: white'><p style='background: white'>ghost</p></div>"),
        ("", "<p style='font-size: 1px'>ghost</p>"),
        ("", "<p style='font: 0.01em a'>ghost</p>"),
        ("", "<p style='opacity: 0.01'>ghost</p>"),
        ("", "<p style='-webkit-text-fill-color: transparent; color: red'>ghost</p>"),
        ("", "<p style='color: transparent'>ghost</p>"),
        ("", "<p style='color: #ffffff05'>ghost</p>"),
    ],
)
def test_letters_that_nobody_sees_are_left_out_and_named(css: str, body: str) -> None:
    text, notes = read(body, css)
    assert "ghost" not in text
    assert notes == [("left out", "ghost")]


@pytest.mark.parametrize(
    ("css", "body"),
    [
        ("", "<p style='color: white; background: #333'>seen</p>"),
        ("", "<div style='background-color: rgb(0 0 80)'><p><b style='color: #fff'>seen</b></p></div>"),
        ("", "<div style='background: url(night.jpg)'><p style='color: white'>seen</p></div>"),
        ("", "<div style='background: linear-gradient(#000, #333)'><p style='color: white'>seen</p></div>"),
        ("", "<table><tr bgcolor=black><td><font color=white>seen</font></td></tr></table>"),
        ("", "<p style='color: white; text-shadow: 0 0 2px black'>seen</p>"),
        ("", "<p style='color: #eee'>seen</p>"),
        ("p {color: #fff} p.x {color: #000}", "<p class=x>seen</p>"),
        (".x {color: white} p {color: black !important}", "<p class=x>seen</p>"),
        ("body {background: #111; color: white}", "<p>seen</p>"),
        ("body {--ink: #333; --paper: #fff} .x {color: var(--ink); background: var(--paper)}", "<p class=x>seen</p>"),
        (".x {color: var(--elsewhere)}", "<p class=x>seen</p>"),
        ("", "<div style='color: white'><p style='color: black'>seen</p></div>"),
        ("", "<div style='color: white'><a href=x>seen</a></div>"),
        ("", "<p style='background: black'><mark>seen</mark></p>"),
        ("", "<div style='font-size: 0'><p style='font-size: 16px'>seen</p></div>"),
        ("", "<div style='visibility: hidden'><p style='visibility: visible'>seen</p></div>"),
        ("", "<div style='text-indent: -9999px'><p style='text-indent: 0'>seen</p></div>"),
        ("", "<p><span style='text-indent: -9999px'>seen</span></p>"),
        ("", "<div style='color: transparent'><p style='color: red'>seen</p></div>"),
        ("@media print {p {color: white}} p:hover {color: white}", "<p>seen</p>"),
    ],
)
def test_letters_that_are_seen_are_read_without_a_word(css: str, body: str) -> None:
    text, notes = read(body, css)
    assert "seen" in text
    assert [note for note in notes if "seen" in note[1]] == []


def test_only_the_letters_that_are_not_seen_are_taken_out_of_an_element() -> None:
    text, notes = read("<p style='visibility: hidden'>ghost <b style='visibility: visible'>seen</b> spirit</p>")
    assert (text, notes) == ("**seen**", [("left out", "ghost spirit")])


@pytest.mark.parametrize(
    ("css", "head"),
    [
        ("", "<link rel=stylesheet href=site.css>"),
        ("@import 'site.css';", ""),
        (".photo {position: absolute; z-index: -1}", ""),
        (".x::before {content: ''; background: black; position: absolute}", ""),
        ("", "<meta name=color-scheme content='dark light'>"),
    ],
    ids=["a style sheet elsewhere", "another one", "something behind it", "a drawn ground", "dark pages"],
)
def test_what_may_be_seen_is_kept_and_doubted(css: str, head: str) -> None:
    text, notes = read("<p class=x style='color: white'>perhaps</p>", css, head)
    assert (text, notes) == ("perhaps", [("in doubt", "perhaps")])


@pytest.mark.parametrize(
    ("css", "body", "said"),
    [
        (".old {text-decoration: line-through}", "<p>Costs <span class=old>$50</span> $40.</p>", "Costs ~~$50~~ $40."),
        (".old {text-decoration: line-through}", "<p class=old>Costs $50.</p>", "~~Costs $50.~~"),
        ("", "<li style='text-decoration-line: line-through'>Fax</li>", "- ~~Fax~~"),
        ("", "<p>Up to 10<span style='vertical-align: super'>6</span> files.</p>", "Up to 10^6 files."),
        (".low {vertical-align: sub}", "<p>H<span class=low>2</span>O</p>", "H₂O"),
    ],
)
def test_what_a_style_sheet_strikes_through_or_raises(css: str, body: str, said: str) -> None:
    assert read(body, css) == (said, [])
