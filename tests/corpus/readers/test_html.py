import pytest

from rag_core.corpus.loading.load import load_bytes


def page(body: str, head: str = "") -> str:
    (document,) = load_bytes("a.html", f"<html><head>{head}</head><body>{body}</body></html>".encode()).documents
    return document.text


def test_what_a_reader_sees():
    text = page(
        "<h1>Refunds</h1><p>Within <b>14</b> days, see <a href='http://x.example'>terms</a>.</p><ul><li>cash<li>card</ul>"
        "<table><tr><th>Plan</th><th>Days</th></tr><tr><td>Team</td><td>30</td></tr></table><p>ERR_TLS_CERT</p>"
    )
    assert text == (
        "# Refunds\n\nWithin **14** days, see terms.\n\n- cash\n- card\n\n"
        "| Plan | Days |\n| --- | --- |\n| Team | 30 |\n\nERR_TLS_CERT"
    )


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>90 days</script>",
        "<style>p { content: '90 days' }</style>",
        "<template><p>90 days</p></template>",
        "<noscript>90 days</noscript>",
        "<!-- 90 days -->",
        "<p hidden>90 days</p>",
        "<p style='display:none'>90 days</p>",
        "<div style='color: red; DISPLAY : None !important'><p>90 days</p></div>",
        "<p style='visibility:hidden'>90 days</p>",
        "<p style='opacity: 0'>90 days</p>",
        "<p style='font-size:0px'>90 days</p>",
        "<input type='hidden' value='90 days'>",
        "<p class='old'>90 days</p>",
        "<div id=x><p><span>90 days</span></p></div>",
        "<p class='screen'>90 days</p>",
        "<p style='position:absolute; left:-9999px'>90 days</p>",
        "<p style='position:absolute; top: -1000em'>90 days</p>",
        "<p style='color: transparent'>90 days</p>",
        "<p style='color: rgba(0, 0, 0, 0)'>90 days</p>",
        "<p style='color: #fff0'>90 days</p>",
        "<p style='font: 0/0 a'>90 days</p>",
        "<div style='height:0; overflow:hidden'>90 days</div>",
        "<div style='width:1px; height:1px; overflow: hidden'>90 days</div>",
        "<p style='clip: rect(0, 0, 0, 0); position: absolute'>90 days</p>",
        "<p style='clip-path: inset(50%)'>90 days</p>",
        "<p style='clip-path: circle(0)'>90 days</p>",
        "<p style='text-indent:-9999px'>90 days</p>",
        "<p style='transform: scale(0)'>90 days</p>",
        "<p class='desk'>90 days</p>",
        "<p class='pseudo'>90 days</p>",
        "<p class='braces'>90 days</p>",
        "<div class='outer'><p class='inner'>90 days</p></div>",
        "<p class='supported'>90 days</p>",
    ],
)
def test_hidden_text_does_not_get_in(hidden):
    rules = (
        "<style>/* .seen {display:none} */ .old, .older { color: red; display: none } #x p span {visibility: hidden}"
    )
    rules += "@media screen { .screen { display: none } } @media (min-width: 40em) { .desk { display: none } }"
    rules += ".x::before, .pseudo { display: none } .y::after { content: '}' } .braces { opacity: 0 }"
    rules += (
        ".outer { color: red; .inner { display: none } } @supports (top: 0) { .supported { display: none } }</style>"
    )
    assert page(f"<p>14 days</p>{hidden}", rules) == "14 days"


@pytest.mark.parametrize(
    "shown",
    [
        "<p style='opacity: 0.5'>90 days</p>",
        "<p style='font-size: 0.9em'>90 days</p>",
        "<p class='print'>90 days</p>",
        "<p class='seen'>90 days</p>",
        "<p class='phone'>90 days</p>",
        "<p class='wide'>90 days</p>",
        "<p class='dark'>90 days</p>",
        "<p class='paper'>90 days</p>",
        "<p class='blink'>90 days</p>",
        "<p style='left: -50px; top: 0; text-indent: -20px; margin-bottom: -9999px'>90 days</p>",
        "<p style='height: 0'>90 days</p>",
        "<p style='background-color: transparent; clip: rect(0, auto, auto, 0)'>90 days</p>",
        "<p style='color: transparent; background-clip: text'>90 days</p>",
        "<p style='font: 10px/0 a; color: #000; clip-path: inset(5%)'>90 days</p>",
        "<p style='color: rgba(0,0,0,0.6)'>90 days</p>",
        "<details><summary>90</summary> days</details>",
    ],
)
def test_visible_text_stays(shown):
    rules = (
        "<style>@media print { .print { display: none } } .seen:hover { display: none } .seen:: {display: none}"
        "@media (max-width:600px){.wide{display:none}} @media screen and (max-width: 40em) { .phone { opacity: 0 } }"
        "@media (prefers-color-scheme: dark) { .dark { color: transparent } }"
        "@keyframes fade { .blink { opacity: 0 } } @media not screen { .paper { display: none } }</style>"
        "<style media='print'>.paper { display: none }</style>"
    )
    assert "90" in page(f"<p>14 days</p>{shown}", rules)


def test_title_and_meta_travel():
    head = "<title>Refunds</title><meta name='source' content='policy'><meta name='updated_at' content='2026-03-14'>"
    head += "<meta name='viewport' content='width=1'><meta name='plan' content='Team'>"
    (document,) = load_bytes("a.htm", f"<head>{head}</head><h1>Other</h1>".encode()).documents
    assert (document.title, document.source, str(document.updated_at)) == ("Refunds", "policy", "2026-03-14")
    assert document.metadata == {"plan": "Team"}


def test_the_encoding_that_the_page_states():
    data = "<meta charset='iso-8859-1'><p>Größe</p>".encode("latin-1")
    (document,) = load_bytes("a.html", data).documents
    assert document.text == "Größe"


def test_nested_too_deeply_is_refused_by_name():
    (problem,) = load_bytes("deep.html", b"<div>" * 5000 + b"x").problems
    assert "nested too deeply" in problem.reason


def test_only_hidden_text_is_empty():
    (problem,) = load_bytes("a.html", b"<p hidden>x</p>").problems
    assert "empty" in problem.reason
