import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def notes(body: str, head: str = "") -> list[tuple[str, str, str]]:
    loaded = load_bytes("a.html", f"<html><head>{head}</head><body><p>14 days</p>{body}</body></html>".encode())
    return [(note.kind, note.where, note.text) for note in loaded.files[0].notes]


@pytest.mark.parametrize(
    ("style", "body"),
    [
        (".pane {display: none} .pane.open {display: block}", "<div class='pane open'>seen</div>"),
        (".pane.open {display: block} .pane {display: none}", "<div class='pane open'>seen</div>"),
        (".pane {display: none} .pane {display: block}", "<div class='pane'>seen</div>"),
        (".pane {display: block !important} #a.pane {display: none}", "<div class='pane' id=a>seen</div>"),
        (".collapse {height: 0; overflow: hidden} .show {height: auto}", "<div class='collapse show'>seen</div>"),
        ("p.x {opacity: 0} @media (min-width: 40em) {p.x {opacity: 1}}", "<p class=x>seen</p>"),
        (".x {display: none}", "<p class=x style='display: block'>seen</p>"),
        (".hidden {display: none} .md\\:block {display: block}", "<p class='hidden md:block'>seen</p>"),
        (".menu {left: -9999px} .menu.on {left: 0}", "<p class='menu on'>seen</p>"),
    ],
)
def test_a_rule_that_shows_again_what_another_hides_is_followed(style, body):
    assert page(f"<p>14 days</p>{body}", f"<style>{style}</style>") == "14 days\n\nseen"
    assert notes(body, f"<style>{style}</style>") == []


@pytest.mark.parametrize(
    ("style", "body"),
    [
        (".pane.open {display: block} .pane {display: none}", "<div class='pane'>gone</div>"),
        (".pane {display: block} #a {display: none}", "<div class='pane' id=a>gone</div>"),
        (".x {display: none !important}", "<p class=x style='display: block'>gone</p>"),
        (".x {display: block} .x {display: none}", "<p class=x>gone</p>"),
        (".a\\31 {display: none}", "<p class='a1'>gone</p>"),
        ("div > :not(.b):is(.c, .d) {display: none}", "<div><p class=c>gone</p></div>"),
        ("[data-x='a b'] .c:first-child {display: none}", "<div data-x='a b'><p class=c>gone</p></div>"),
        ("", "<p hidden>gone</p>"),
        ("", "<nav>gone</nav>"),
        ("", "<svg><text>gone</text></svg>"),
        ("", "<input value='gone'>"),
    ],
)
def test_what_is_not_seen_is_listed_with_its_words(style, body):
    assert page(f"<p>14 days</p>{body}", f"<style>{style}</style>") == "14 days"
    ((kind, _, words),) = notes(body, f"<style>{style}</style>")
    assert (kind, words) == ("left out", "gone")


def test_text_that_fades_in_is_read_and_doubted():
    style = "<style>.r {opacity: 0; transition: opacity 1s}</style>"
    assert page("<p class=r>Costs 5 euro</p>", style) == "Costs 5 euro"
    assert notes("<p class=r>Costs 5 euro</p>", style) == [("in doubt", '<p class="r">', "Costs 5 euro")]
    assert notes("<p class=wow style='visibility: hidden'>Costs 5 euro</p>")[0][0] == "in doubt"


def test_the_header_and_footer_around_a_main_part_are_listed():
    body = "<header>Acme <nav>Home</nav></header><main><header><h1>Fees</h1></header><p>5 euro</p></main>"
    body += "<footer>© Acme</footer>"
    assert page(body) == "# Fees\n\n5 euro"
    assert [words for _, _, words in notes(body)] == ["Acme Home", "© Acme"]
    assert page("<header>Acme</header><p>5 euro</p><footer>© Acme</footer>") == "Acme\n\n5 euro\n\n© Acme"


def test_raised_and_lowered_letters_are_told_from_the_number_before_them():
    assert page(
        "<p>Up to 10<sup>6</sup> files for $50<sup>1</sup> a month, CO<sub>2</sub>, the 1<sup>st</sup></p>"
    ) == ("Up to 10^6 files for $50^1 a month, CO₂, the 1st")


def test_links_to_a_heading_itself_are_no_words():
    body = "<h2 id=a>Fees<a class='headerlink' href='#a'>¶</a></h2><p>5 <a href='#b'>euro</a></p>"
    body += "<h3><a href='#c'>#</a> Ways</h3>"
    assert page(body) == "## Fees\n\n5 euro\n\n### Ways"


def table(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if "---" not in line]


@pytest.mark.parametrize(
    ("html", "rows"),
    [
        (
            "<tr><th rowspan=2>Plan</th><th colspan=2>Price</th></tr><tr><th>EU</th><th>US</th></tr>"
            "<tr><td>Team</td><td>5</td><td>6</td></tr>",
            [["Plan", "Price", "Price"], ["Plan", "EU", "US"], ["Team", "5", "6"]],
        ),
        (
            "<thead><tr><th rowspan=2>Plan</th><th colspan=2>Price</th></tr><tr><th>EU</th><th>US</th></tr></thead>"
            "<tbody><tr><td>Team</td><td>5</td><td>6</td></tr></tbody>",
            [["Plan", "Price EU", "Price US"], ["Team", "5", "6"]],
        ),
        (
            "<tr><th>Plan</th><th>Days</th></tr><tr><td rowspan='2'>Team</td><td>5</td></tr><tr><td>6</td></tr>"
            "<tr><td rowspan=0>Pro</td><td>7</td></tr><tr><td>8</td></tr>",
            [["Plan", "Days"], ["Team", "5"], ["Team", "6"], ["Pro", "7"], ["Pro", "8"]],
        ),
        (
            "<tr><th>A</th><th>B</th></tr><tr><td colspan=2>both</td></tr><tr><td>short</td></tr>",
            [["A", "B"], ["both", "both"], ["short"]],
        ),
    ],
)
def test_cells_over_several_rows_and_columns_stand_in_each_of_them(html, rows):
    assert table(page(f"<table>{html}</table>")) == rows


def test_a_table_for_the_layout_is_no_table():
    inner = "<table><tr><th>Plan</th><th>Days</th></tr><tr><td>Team</td><td>30</td></tr></table>"
    text = page(f"<table><tr><td>Left</td><td>{inner}</td></tr></table>")
    assert text == "Left\n\n| Plan | Days |\n| --- | --- |\n| Team | 30 |"


def test_a_table_in_a_cell_of_a_table_stays_in_its_row():
    inner = "<table><tr><td>North</td><td>12 days</td></tr><tr><td>South</td><td>10<sup>2</sup> days</td></tr></table>"
    deepest = f"<table><caption>Zones</caption><tr><td>{inner}</td></tr></table>"
    for zones in (inner, deepest):
        text = page(
            "<table><tr><th>Plan</th><th>Delivery</th></tr>"
            f"<tr><td>Team</td><td>{zones}</td></tr><tr><td>Free</td><td>none</td></tr></table>"
        )
        team = "North, 12 days; South, 10^2 days" if zones == inner else "Zones North, 12 days; South, 10^2 days"
        rows = [[" ".join(cell.split()) for cell in row] for row in table(text)]
        assert rows == [["Plan", "Delivery"], ["Team", team], ["Free", "none"]]


def test_chinese_that_is_wrapped_in_the_source_is_one_line():
    assert page("<p>有什\n  么需\n要 Lamps</p><pre>上\n下</pre>") == "有什么需要 Lamps\n\n```\n上\n下\n```"


def test_spans_without_measure_cost_no_memory():
    cells = "<td colspan=9999 rowspan=9999>x</td>" * 50
    assert "x" in page(f"<table>{f'<tr>{cells}</tr>' * 50}</table>")


TAGS = ["p", "div", "nav", "main", "footer", "h2", "ul", "li", "table", "tr", "td", "th", "thead", "b", "sup", "sub"]
TAGS += ["a", "pre", "code", "blockquote", "dl", "dt", "dd", "details", "summary", "caption", "figure", "figcaption"]
TAGS += ["button", "label", "textarea", "select", "option", "svg", "dialog", "article", "header", "q", "ins", "del"]
STYLES = ["", "", " hidden", " style='display:none'", " class=x", " class=r", " rowspan=2", " colspan=3", " href='#a'"]
TREE = st.recursive(
    st.just(""),
    lambda inner: st.tuples(st.sampled_from(TAGS), st.sampled_from(STYLES), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=14,
)


@given(st.lists(TREE, min_size=1, max_size=4))
@settings(max_examples=60)
def test_every_word_of_a_page_is_in_the_text_or_in_the_list_however_it_is_nested(trees):
    words = []

    def written(tree):
        words.append(f"word{len(words)}x")
        mine = words[-1]
        return mine if tree == "" else f"<{tree[0]}{tree[1]}>{mine} {' '.join(map(written, tree[2]))}</{tree[0]}> "

    head = "<style>.x {display: none} .r {opacity: 0; transition: all 1s}</style>"
    loaded = load_bytes("a.html", f"<html><head>{head}</head><body>{' '.join(map(written, trees))} end</body>".encode())
    held = loaded.documents[0].text + " ".join(note.text for note in loaded.files[0].notes)
    assert [word for word in words if word not in held] == []


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "address",
            "aside",
            "button",
            "center",
            "details",
            "dir",
            "div",
            "fieldset",
            "figure",
            "figcaption",
            "footer",
        ),
        *("form", "header", "hgroup", "legend", "main", "menu", "section", "summary", "textarea"),
    ],
)
def test_words_of_two_elements_never_run_together(tag: str) -> None:
    assert page(f"<div>before<{tag}>one</{tag}><{tag}>two</{tag}>after</div>").split() == [
        "before",
        "one",
        "two",
        "after",
    ]


def test_a_span_on_a_line_of_its_own_is_one() -> None:
    body = '<p><span style="display: block">Name</span><span style="display:block">Age</span>in<span>line</span></p>'
    assert page(body).split() == ["Name", "Age", "inline"]


def test_a_reading_beside_a_sign_stands_in_brackets() -> None:
    body = "<p><ruby>東<rp>(</rp><rt>ひがし</rt><rp>)</rp></ruby>です</p>"
    assert page(body) == "東 (ひがし)です"


def test_pictures_are_listed_with_what_is_said_of_them() -> None:
    body = '<p>Sales<img src="a.png" alt="Sales by year"><img src="b.png" alt=""><img src="c.gif" width="1"></p>'
    (file,) = load_bytes("a.html", body.encode()).files
    assert [(note.where, note.reason, note.text) for note in file.notes] == [
        ("1 picture", "Pictures are not read.", "Sales by year")
    ]


def test_words_in_a_row_and_in_no_cell_are_kept() -> None:
    text = page("<table><tr>Loose <b>words</b><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>")
    assert " ".join(text.split()).startswith("Loose **words**")
    assert "| 1 | 2 |" in text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<p># of seats</p><p>5</p>", "\\# of seats\n\n5"),
        ("<p>a<br># b</p>", "a  \n\\# b"),
        ("<p><b>#</b> a</p>", "**\\#** a"),
        ("<p>```</p>", "\\```"),
        ("<p>No # here</p><pre># shell</pre>", "No # here\n\n```\n# shell\n```"),
        ("<h2># of seats</h2>", "## # of seats"),
        ("<h2></h2><p>a</p>", "a"),
        ("<ol type=a><li>one<li>two</ol>", "a. one\nb. two"),
        ("<ol start=3 type=I><li>one<li>two</ol>", "III. one\nIV. two"),
        ("<ol><li>one<li value=7>seven<li>eight</ol>", "1. one\n7. seven\n8. eight"),
        ("<ol reversed><li>two<li>one</ol>", "2. two\n1. one"),
        ("<ol style='list-style: none'><li>one</ol>", "- one"),
        ("<ol style='list-style-type: lower-alpha'><li>one</ol>", "a. one"),
        ("<p><input type=checkbox checked> Yes <input type=radio> No</p>", "[x] Yes [ ] No"),
        ("<dl><dt>Fee</dt><dd>5 euro</dd><dd>6 francs</dd></dl>", "Fee\n:   5 euro\n:   6 francs"),
        (
            "<table><tr><th>Plan<th>Fee</tr><tfoot><tr><td>Sum<td>9</tfoot><tbody><tr><td>A<td>4</tbody></table>",
            "| Plan | Fee |\n| --- | --- |\n| A | 4 |\n| Sum | 9 |",
        ),
    ],
)
def test_blocks_say_what_a_browser_shows(body, said):
    assert page(body) == said


@pytest.mark.parametrize(
    ("body", "style", "words"),
    [
        ("<p class=n>Name</p>", ".n::after {content: ' (required)'}", "(required)"),
        ("<input placeholder='Your name'>", "", "Your name"),
        ("<iframe srcdoc='<p>Framed words</p>'></iframe>", "", "Framed words"),
    ],
)
def test_what_is_seen_and_no_text_is_listed(body, style, words):
    assert notes(body, f"<style>{style}</style>")[0][2] == words


def test_signs_that_a_style_adds_and_words_for_other_elements_are_none():
    style = "<style>.m::after {content: ' (required)'} .n::before {content: '»'}</style>"
    assert notes("<p class=n>Name</p>", style) == []


@pytest.mark.parametrize("style", ["html {display: none}", "body {visibility: hidden}", "body {opacity: 0}"])
def test_a_page_that_a_program_is_to_show_is_read_and_doubted(style):
    assert page("<p>Fees</p>", f"<style>{style}</style>") == "Fees"
    assert [kind for kind, _, _ in notes("<p>Fees</p>", f"<style>{style}</style>")] == ["in doubt"]


def test_a_picture_that_is_wide_and_low_may_hold_words():
    assert notes("<img src=a.gif alt='Save 5 euro' width=300 height=26>") == [("left out", "1 picture", "Save 5 euro")]
    assert notes("<img src=a.gif alt='dot' width=16 height=16><img src=b.gif alt='line' width=600 height=1>") == []
