# ruff: noqa: E501 - XML in one line is easier to read
"""Word's own XML, in all the ways in which text stands in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag_core.corpus.loading.load import load_bytes
from tests.corpus.word_files import TRANSITIONAL, cell, field, packaged, paragraph, run, table, text_box


def read(body, parts=None, **options):
    """The text of the document, and what was left out as (where, reason, text)."""
    loaded = load_bytes("a.docx", packaged(body, parts, **options))
    assert loaded.problems == ()
    (file,) = loaded.files
    return loaded.documents[0].text, [(note.where, note.reason, note.text) for note in file.notes]


def text(*args, **options):
    return read(*args, **options)[0]


@pytest.mark.parametrize(
    "wrapped",
    [
        "<w:ins w:author='A'>{}</w:ins>",
        "<w:moveTo w:author='A'>{}</w:moveTo>",
        "<w:sdt><w:sdtPr><w:alias w:val='no text'/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>",
        "<w:smartTag w:uri='x' w:element='place'>{}</w:smartTag>",
        "<w:customXml w:uri='x' w:element='y'><w:customXmlPr><w:attr w:name='a' w:val='b'/></w:customXmlPr>{}</w:customXml>",
        "<w:fldSimple w:instr=' REF x '>{}</w:fldSimple>",
        "<w:hyperlink r:id='none'>{}</w:hyperlink>",
        "<w:bdo w:val='ltr'>{}</w:bdo>",
        "<w:dir w:val='rtl'>{}</w:dir>",
        "<mc:AlternateContent><mc:Choice Requires='x'>{}</mc:Choice><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>",
        "<w:ins><w:sdt><w:sdtContent><w:hyperlink><w:smartTag>{}</w:smartTag></w:hyperlink></w:sdtContent></w:sdt></w:ins>",
        "<w:notYetInvented>{}</w:notYetInvented>",
    ],
)
def test_text_within_a_paragraph_is_read_whatever_it_is_wrapped_in(wrapped):
    inner = wrapped.replace("{}", run(" forty euros"))
    assert text(paragraph("The fee is", inner, run(" a month."))) == "The fee is forty euros a month."


@pytest.mark.parametrize(
    "wrapped",
    [
        "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>",
        "<w:customXml w:element='x'>{}</w:customXml>",
        "<w:ins>{}</w:ins>",
        "<w:sdt><w:sdtContent><w:customXml><w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt></w:customXml></w:sdtContent></w:sdt>",
        "<mc:AlternateContent><mc:Choice>{}</mc:Choice><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>",
    ],
)
def test_blocks_are_read_whatever_they_are_wrapped_in(wrapped):
    inner = paragraph("Rear gate.") + table(["Zone", "Days"], ["North", "12"])
    body = paragraph("Before.") + wrapped.replace("{}", inner) + paragraph("After.")
    assert text(body) == "Before.\n\nRear gate.\n\n| Zone | Days |\n| --- | --- |\n| North | 12 |\n\nAfter."


def test_rows_and_cells_within_content_controls():
    row = "<w:tr><w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt>{}</w:tr>"
    first, second = row.format(cell("A"), cell("B")), row.format(cell("1"), cell("2"))
    wrapped = f"<w:tbl><w:sdt><w:sdtContent>{first}</w:sdtContent></w:sdt>{second}</w:tbl>"
    assert text(wrapped) == "| A | B |\n| --- | --- |\n| 1 | 2 |"


def test_text_boxes_stand_once_after_the_paragraph_that_holds_them():
    box = text_box(paragraph("Never open the valve.") + table(["a", "b"], ["c", "d"]))
    assert text(paragraph("See below.", box) + paragraph("Next.")) == (
        "See below.\n\nNever open the valve.\n\n| a | b |\n| --- | --- |\n| c | d |\n\nNext."
    )
    assert text(paragraph(text_box(paragraph("Outer.", text_box(paragraph("Inner.")))))) == "Outer.\n\nInner."
    old = f"<w:r><w:pict><v:shape><v:textbox><w:txbxContent>{paragraph('Old.')}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    assert text(paragraph(old)) == "Old."


def test_fields_show_their_result_and_not_their_code():
    nested = field("IF " + "x", run("shown")).replace("<w:instrText>IF x</w:instrText>", "<w:t>unseen</w:t>")
    assert text(paragraph("See ", field("REF a", run("section nine")), run("."))) == "See section nine."
    assert text(paragraph("It is ", nested, run("."))) == "It is shown."
    assert text(paragraph(field("TIME", run("a") + field("DATE", run("b")) + run("c")))) == "abc"
    box = "<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:checkBox><w:checked w:val='{}'/></w:checkBox></w:ffData></w:fldChar></w:r>"
    end = "<w:r><w:fldChar w:fldCharType='end'/></w:r>"
    assert text(paragraph(box.format(1), end, run(" yes "), box.format(0), end, run(" no"))) == "[x] yes [ ] no"


NOTES = {
    "footnotes": "<w:footnotes><w:footnote w:type='separator' w:id='-1'><w:p/></w:footnote>"
    f"<w:footnote w:id='2'>{paragraph('Not the bulb.')}</w:footnote>"
    f"<w:footnote w:id='3'>{paragraph('Nor the plug.')}</w:footnote></w:footnotes>",
    "endnotes": f"<w:endnotes><w:endnote w:id='1'>{paragraph('Since 2019.')}</w:endnote></w:endnotes>",
}


def test_notes_stand_after_the_block_that_refers_to_them():
    first = paragraph("Covered", "<w:r><w:footnoteReference w:id='3'/></w:r>", run("."))
    second = paragraph("Valid", "<w:r><w:endnoteReference w:id='1'/><w:footnoteReference w:id='2'/></w:r>", run("."))
    assert text(first + second, NOTES) == (
        "Covered[^1].\n\n[^1]: Nor the plug.\n\nValid[^i][^2].\n\n[^i]: Since 2019.\n\n[^2]: Not the bulb."
    )


def test_deletions_comments_and_hidden_text_are_out_and_named():
    deleted = "<w:del w:author='Ann'><w:r><w:delText>fifty euros</w:delText></w:r></w:del>"
    moved = f"<w:moveFrom>{run('elsewhere')}</w:moveFrom>"
    comments = f"<w:comments><w:comment w:id='0' w:author='Bo'>{paragraph('Ask legal.')}</w:comment></w:comments>"
    heading = paragraph("Fees", properties="<w:outlineLvl w:val='0'/>")
    found, notes = read(
        heading + paragraph("Forty. ", deleted, moved, run("secret", "<w:vanish/>")), {"comments": comments}
    )
    assert found == "# Fees\n\nForty."
    assert notes == [
        ("under “Fees”", "It is a deletion by Ann that was tracked.", "fifty euros"),
        ("under “Fees”", "It is formatted as hidden.", "secret"),
        ("comments", "It is a comment by Bo.", "Ask legal."),
    ]


def test_headers_and_footers_stand_once():
    section = "<w:sectPr>{}<w:headerReference w:type='{}' r:id='header1'/><w:footerReference w:type='default' r:id='footer1'/></w:sectPr>"
    parts = {
        "header1": f"<w:hdr>{paragraph('ACME handbook')}</w:hdr>",
        "footer1": f"<w:ftr>{paragraph('Call 555.')}</w:ftr>",
    }
    first = paragraph("One.", properties=section.format("", "default"))
    assert text(first + paragraph("Two.") + section.format("", "default"), parts) == (
        "ACME handbook\n\nOne.\n\nTwo.\n\nCall 555."
    )
    assert text(paragraph("One.") + section.format("", "first"), parts) == "One.\n\nCall 555."
    assert "ACME" in text(paragraph("One.") + section.format("<w:titlePg/>", "first"), parts)


STYLES = (
    "<w:styles>"
    "<w:style w:type='paragraph' w:styleId='berschrift1'><w:name w:val='heading 1'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Mine'><w:name w:val='Mine'/><w:basedOn w:val='berschrift1'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Loop'><w:name w:val='Loop'/><w:basedOn w:val='Loop'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Part'><w:name w:val='Part'/><w:pPr><w:outlineLvl w:val='2'/></w:pPr></w:style>"
    "<w:style w:type='paragraph' w:styleId='Toc'><w:name w:val='toc 1'/></w:style>"
    "<w:style w:type='character' w:styleId='Unseen'><w:name w:val='Unseen'/><w:rPr><w:vanish/></w:rPr></w:style>"
    "<w:style w:type='character' w:styleId='Up'><w:name w:val='Up'/><w:rPr><w:vertAlign w:val='superscript'/></w:rPr></w:style>"
    "</w:styles>"
)


@pytest.mark.parametrize(
    ("style", "expected"),
    [("berschrift1", "# Words"), ("Mine", "# Words"), ("Part", "### Words"), ("Loop", "Words"), ("None", "Words")],
)
def test_headings_are_known_by_their_style_and_what_it_is_based_on(style, expected):
    assert text(paragraph("Words", properties=f"<w:pStyle w:val='{style}'/>"), {"styles": STYLES}) == expected


def test_styles_hide_and_raise_and_a_table_of_contents_is_listed():
    runs = [run("10"), run("6", "<w:rStyle w:val='Up'/>"), run("gone", "<w:rStyle w:val='Unseen'/>"), run(" files")]
    toc = paragraph("Fees 3", properties="<w:pStyle w:val='Toc'/>")
    found, notes = read(toc + paragraph(*runs), {"styles": STYLES})
    assert found == "10^6 files"
    assert [note[2] for note in notes] == ["Fees 3", "gone"]


NUMBERING = (
    "<w:numbering><w:abstractNum w:abstractNumId='7'>"
    "<w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.'/></w:lvl>"
    "<w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='lowerLetter'/><w:lvlText w:val='%1.%2)'/></w:lvl></w:abstractNum>"
    "<w:abstractNum w:abstractNumId='8'><w:lvl w:ilvl='0'><w:numFmt w:val='bullet'/><w:lvlText w:val='o'/></w:lvl></w:abstractNum>"
    "<w:num w:numId='1'><w:abstractNumId w:val='7'/></w:num><w:num w:numId='2'><w:abstractNumId w:val='8'/></w:num>"
    "</w:numbering>"
)


def test_numbers_of_lists_and_headings_are_as_word_counts_them():
    def item(words, depth=0, of=1, more=""):
        numbers = f"<w:numPr><w:ilvl w:val='{depth}'/><w:numId w:val='{of}'/></w:numPr>{more}"
        return paragraph(words, properties=numbers)

    body = (
        item("Pay.") + item("By card.", 1) + item("By bank.", 1) + paragraph("Or:") + item("Call.") + item("Mail.", 1)
    )
    assert text(body + item("Dot.", of=2), {"numbering": NUMBERING}) == (
        "1. Pay.\n  1.a) By card.\n  1.b) By bank.\n\nOr:\n\n2. Call.\n  2.a) Mail.\n- Dot."
    )
    assert text(item("Scope", more="<w:outlineLvl w:val='1'/>"), {"numbering": NUMBERING}) == "## 1. Scope"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [[cell("Plan", "<w:vMerge w:val='restart'/>"), cell("Price", "<w:gridSpan w:val='2'/>")],
             [cell("", "<w:vMerge/>"), "EU", "US"], ["Team", "9", "10"]],
            "| Plan | Price | Price |\n| --- | --- | --- |\n| Plan | EU | US |\n| Team | 9 | 10 |",
        ),
        ([["a", "b"], ["c"]], "| a | b |\n| --- | --- |\n| c |  |"),
        ([["a"], ["b", "c", "d"]], "| a |  |  |\n| --- | --- | --- |\n| b | c | d |"),
        ([[cell("All plans", "<w:gridSpan w:val='3'/>")], ["a", "b", "c"]],
         "| All plans |  |  |\n| --- | --- | --- |\n| a | b | c |"),
        ([["Zone", table(["North", "12"], ["South", "5"])], ["x", "y"]],
         "| Zone | North, 12; South, 5 |\n| --- | --- |\n| x | y |"),
        ([["Zone", table(["North", "12 days"])]], "Zone\n\n| North | 12 days |"),
        ([["# | of"], ["1"]], "\\# | of\n\n1"),
        ([["#", "A | B"], ["1", "x"]], "| # | A \\| B |\n| --- | --- |\n| 1 | x |"),
    ],
)  # fmt: skip
def test_tables(rows, expected):
    assert text(table(*rows)) == expected


def test_lines_that_begin_with_marks_of_markdown_are_no_headings():
    assert text(paragraph("# of seats") + paragraph("```") + paragraph("#7")) == "\\# of seats\n\n\\```\n\n#7"


@pytest.mark.parametrize("options", [{"strict": True}, {"main": "word/document2.xml"}, {"main": "doc/main.xml"}])
def test_other_forms_of_the_format(options):
    body = paragraph("The gate opens at six.") + paragraph("Covered", "<w:r><w:footnoteReference w:id='3'/></w:r>")
    assert text(body, NOTES, **options) == "The gate opens at six.\n\nCovered[^1]\n\n[^1]: Nor the plug."


def test_formulas_symbols_and_readings():
    power = (
        "<m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>"
    )
    half = "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>"
    ruby = f"<w:r><w:ruby><w:rt>{run('to')}</w:rt><w:rubyBase>{run('T')}</w:rubyBase></w:ruby></w:r>"
    water = run("H") + run("2", "<w:vertAlign w:val='subscript'/>") + run("O")
    alpha = "<w:r><w:sym w:font='Symbol' w:char='F061'/></w:r>"
    assert text(paragraph(power, run(" "), half, run(" "), ruby, run(" "), water, run(" "), alpha)) == (
        "x^2 (1)/(2) T (to) H₂O α"
    )
    found, notes = read(paragraph("Go", "<w:r><w:sym w:font='Wingdings 9' w:char='F0FF'/></w:r>"))
    assert (found, notes[0][2]) == ("Go", "U+F0FF")


def test_what_stands_in_other_files_is_named():
    chart = "<w:r><w:drawing><c:chart r:id='chart1'/></w:drawing></w:r>"
    sheet = "<w:r><w:object><o:OLEObject ProgID='Excel.Sheet.12'/></w:object></w:r>"
    picture = "<w:r><w:drawing><a:blip r:embed='x'/></w:drawing></w:r>"
    parts = {"chart1": "<c:chartSpace><a:t>Sales</a:t><c:v>417</c:v></c:chartSpace>"}
    found, notes = read(paragraph("See.", chart, sheet, picture, picture) + "<w:altChunk r:id='x'/>", parts)
    assert found == "See."
    assert [note[2] for note in notes] == ["Sales 417", "", "", ""]
    assert "Excel.Sheet.12" in notes[1][1] and notes[3][0] == "2 pictures"


def test_words_of_art_and_marks_of_water():
    assert text(paragraph("Offer.", "<w:r><w:pict><v:textpath string='DRAFT'/></w:pict></w:r>")) == "Offer. DRAFT"


INLINE = st.deferred(
    lambda: st.one_of(
        st.just("text"),
        st.just("text"),
        st.tuples(
            st.sampled_from(
                ["ins", "sdt", "smartTag", "hyperlink", "fldSimple", "field", "del", "hidden", "white", "either", "sup"]
            ),
            st.lists(INLINE, min_size=1, max_size=3),
        ),
        st.tuples(st.just("box"), st.lists(BLOCK, min_size=1, max_size=2)),
        st.tuples(st.just("note"), st.lists(BLOCK, min_size=1, max_size=1)),
    )
)
BLOCK = st.deferred(
    lambda: st.one_of(
        st.tuples(st.sampled_from(["p", "h", "item"]), st.lists(INLINE, min_size=1, max_size=3)),
        st.tuples(st.just("tbl"), st.lists(st.lists(BLOCK, min_size=1, max_size=2), min_size=1, max_size=3)),
        st.tuples(st.sampled_from(["sdtBlock", "insBlock"]), st.lists(BLOCK, min_size=1, max_size=2)),
    )
)


class Writer:
    """A tree of constructs as XML; every text in it is a word of its own."""

    def __init__(self):
        self.words, self.notes = [], []

    def of(self, tree):
        if isinstance(tree, str):
            self.words.append(f"word{len(self.words)}")
            return run(f" {self.words[-1]} ")
        kind, children = tree
        inner = self.rows(children) if kind == "tbl" else "".join(map(self.of, children))
        return self.FORMS[kind](self, inner)

    def rows(self, rows):
        return "".join(f"<w:tr>{''.join(cell(self.of(one)) for one in row)}</w:tr>" for row in rows)

    def note(self, inner):
        self.notes.append(f"<w:footnote w:id='{len(self.notes)}'>{inner}</w:footnote>")
        return f"<w:r><w:footnoteReference w:id='{len(self.notes) - 1}'/></w:r>"

    FORMS = {
        "ins": lambda _, inner: f"<w:ins>{inner}</w:ins>",
        "sdt": lambda _, inner: f"<w:sdt><w:sdtContent>{inner}</w:sdtContent></w:sdt>",
        "smartTag": lambda _, inner: f"<w:smartTag>{inner}</w:smartTag>",
        "hyperlink": lambda _, inner: f"<w:hyperlink>{inner}</w:hyperlink>",
        "fldSimple": lambda _, inner: f"<w:fldSimple w:instr='x'>{inner}</w:fldSimple>",
        "field": lambda _, inner: field("x", inner),
        "del": lambda _, inner: f"<w:del>{inner}</w:del>",
        "hidden": lambda _, inner: f"<w:r><w:rPr><w:vanish/></w:rPr>{inner}</w:r>",
        "white": lambda _, inner: f"<w:r><w:rPr>{WHITE}</w:rPr>{inner}</w:r>",
        "sup": lambda _, inner: f"<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr>{inner}</w:r>",
        "either": lambda _, inner: f"<mc:AlternateContent><mc:Choice>{inner}</mc:Choice></mc:AlternateContent>",
        "box": lambda _, inner: text_box(inner),
        "note": note,
        "p": lambda _, inner: paragraph(inner),
        "h": lambda _, inner: paragraph(inner, properties="<w:outlineLvl w:val='1'/>"),
        "item": lambda _, inner: paragraph(inner, properties="<w:numPr><w:numId w:val='2'/></w:numPr>"),
        "tbl": lambda _, inner: f"<w:tbl>{inner}</w:tbl>",
        "sdtBlock": lambda _, inner: f"<w:sdt><w:sdtContent>{inner}</w:sdtContent></w:sdt>",
        "insBlock": lambda _, inner: f"<w:ins>{inner}</w:ins>",
    }  # fmt: skip


WHITE = "<w:color w:val='FFFFFF'/>"
DARK = "<w:shd w:val='clear' w:fill='1F3864'/>"
WHITE_STYLES = (
    "<w:styles>"
    f"<w:style w:type='paragraph' w:styleId='Ghost'><w:name w:val='Ghost'/><w:rPr>{WHITE}</w:rPr></w:style>"
    "<w:style w:type='table' w:styleId='Grid'><w:name w:val='Grid'/></w:style>"
    "<w:style w:type='table' w:styleId='Dark'><w:name w:val='Dark'/>"
    f"<w:tblStylePr w:type='firstRow'><w:tcPr>{DARK}</w:tcPr></w:tblStylePr></w:style>"
    "<w:style w:type='table' w:styleId='Darker'><w:name w:val='Darker'/><w:basedOn w:val='Dark'/></w:style></w:styles>"
)


def styled_table(style, *cells):
    return f"<w:tbl><w:tblPr><w:tblStyle w:val='{style}'/></w:tblPr><w:tr>{''.join(map(cell, cells))}</w:tr></w:tbl>"


@pytest.mark.parametrize(
    "body",
    [
        paragraph(run("buried", WHITE)),
        paragraph(run("buried", "<w:color w:val='auto' w:themeColor='background1'/>")),
        paragraph("buried", properties="<w:pStyle w:val='Ghost'/>"),
        paragraph(run("buried", WHITE + "<w:shd w:val='clear' w:fill='FFFFFF'/>")),
        table(["a", paragraph(run("buried", WHITE))]),
        styled_table("Grid", "a", paragraph(run("buried", WHITE))),
    ],
)
def test_white_on_white_paper_is_left_out_and_named(body):
    loaded = load_bytes("a.docx", packaged(paragraph("Fees") + body, {"styles": WHITE_STYLES}))
    assert "buried" not in loaded.documents[0].text
    assert ("It is white on white paper.", "buried") in [(note.reason, note.text) for note in loaded.files[0].notes]


@pytest.mark.parametrize(
    "body",
    [
        paragraph(run("seen", WHITE + DARK)),
        paragraph(run("seen", WHITE + "<w:highlight w:val='black'/>")),
        paragraph(run("seen", WHITE), properties=DARK),
        paragraph(run("seen", "<w:color w:val='EEEEEE'/>")),
        paragraph(run("seen", "<w:color w:val='1F3864'/><w:shd w:val='clear' w:fill='FFFFFF'/>")),
        paragraph(run("seen", "<w:color w:val='000000'/>"), properties="<w:pStyle w:val='Ghost'/>"),
        paragraph(run("seen", "<w:color w:val='FFFFFF' w:themeColor='background1' w:themeShade='80'/>")),
        table([cell(paragraph(run("seen", WHITE)), DARK), "b"]),
        styled_table("Dark", paragraph(run("seen", WHITE)), "b"),
        styled_table("Darker", paragraph(run("seen", WHITE)), "b"),
        paragraph(text_box(paragraph(run("seen", WHITE)))),
        table([paragraph(run("seen", WHITE))]).replace("<w:tr>", f"<w:tr><w:tblPrEx>{DARK}</w:tblPrEx>"),
    ],
)
def test_white_on_a_dark_ground_is_read(body):
    loaded = load_bytes("a.docx", packaged(paragraph("Fees") + body, {"styles": WHITE_STYLES}))
    assert "seen" in loaded.documents[0].text
    assert not loaded.files[0].notes


def test_white_over_something_that_is_drawn_somewhere_is_read_and_doubted():
    behind = '<w:r><w:drawing><w:anchor behindDoc="1"/></w:drawing></w:r>'
    loaded = load_bytes("a.docx", packaged(paragraph("Fees") + paragraph(behind + run("perhaps", WHITE))))
    assert "perhaps" in loaded.documents[0].text
    assert [(note.kind, note.text) for note in loaded.files[0].notes] == [("in doubt", "perhaps")]


@pytest.mark.parametrize(
    "body",
    [
        paragraph(run("buried", "<w:color w:val='FEFEFE'/>")),
        paragraph(run("buried", "<w:sz w:val='2'/>")),
        paragraph(run("buried", "<w:color w:val='1F3864'/>" + DARK)),
        paragraph(run("buried", "<w:color w:val='000000'/><w:highlight w:val='black'/>")),
        table(["a", cell(paragraph(run("buried", "<w:color w:val='1F3864'/>")), "<w:shd w:fill='1F3864'/>")]),
        table(["a"], ["buried"])
        .replace("<w:tr>", "<w:tr><w:trPr><w:hidden/></w:trPr>")
        .replace("<w:tr><w:trPr><w:hidden/></w:trPr>", "<w:tr>", 1),
    ],
)
def test_other_letters_that_nobody_sees_are_left_out_and_named(body):
    loaded = load_bytes("a.docx", packaged(paragraph("Fees") + body))
    assert "buried" not in loaded.documents[0].text
    assert "buried" in [note.text for note in loaded.files[0].notes]


def test_words_before_and_behind_the_end_of_a_page_are_two_words():
    data = packaged("<w:p><w:r><w:t>before</w:t><w:br w:type='page'/><w:t>after</w:t></w:r></w:p>")
    assert load_bytes("a.docx", data).documents[0].text == "before\nafter"


DATA = "<w:fees><w:fee>forty</w:fee><w:fee w:per='month'>fifty</w:fee></w:fees>"


def bound(shown, path, kind="text", more=""):
    """A content control that shows these words and is filled from there."""
    names = f"xmlns:f='{TRANSITIONAL}'"
    binding = f'<w:dataBinding w:prefixMappings="{names}" w:xpath="{path}" {more}/>'
    return f"<w:p><w:sdt><w:sdtPr>{binding}<w:{kind}/></w:sdtPr><w:sdtContent>{run(shown)}</w:sdtContent></w:sdt></w:p>"


@pytest.mark.parametrize(
    "control, said",
    [
        (bound("thirty", "/f:fees[1]/f:fee[1]"), [("“thirty”", "forty")]),
        (bound("", "/f:fees/f:fee[2]"), [("an empty content control", "fifty")]),
        (bound("year", "/f:fees/f:fee[2]/@f:per"), [("“year”", "month")]),
        (bound("forty", "/f:fees/f:fee[1]"), []),
        (bound("for ty", "/f:fees/f:fee[1]"), []),
        (bound("thirty", "/f:fees/f:fee[1]", kind="date"), []),
        (bound("thirty", "/f:fees/f:none"), []),
        (bound("thirty", "/g:fees"), []),
        (bound("thirty", "//f:fee[contains(., 'o')]"), []),
        (bound("thirty", "/f:fees/f:fee", more='w:storeItemID="{6C3C8BC8-F283-45AE-878A-BAB7291924A1}"'), []),
    ],
)
def test_a_control_that_word_fills_with_other_words_is_a_doubt(control, said):
    loaded = load_bytes("a.docx", packaged(paragraph("Fees") + control, {"customXml": DATA}))
    notes = [(note.where, note.text) for note in loaded.files[0].notes if note.kind == "in doubt"]
    assert notes == said


def test_damaged_data_behind_a_control_does_not_cost_the_document():
    body = paragraph("Fees") + bound("thirty", "/f:fees/f:fee[1]")
    loaded = load_bytes("a.docx", packaged(body, {"customXml": "<w:fees><w:fee>"}))
    assert "thirty" in loaded.documents[0].text


def test_what_a_document_without_text_holds_is_said():
    drawn = "<w:r><w:drawing><a:blip r:embed='x'/></w:drawing></w:r>"
    chunk = "<w:altChunk r:id='y'/>"
    (problem,) = load_bytes("a.docx", packaged(paragraph(drawn) + chunk)).problems
    assert "1 picture (Pictures are not read)" in problem.reason
    assert "Add it by itself" in problem.reason


@given(st.lists(BLOCK, min_size=1, max_size=4))
@settings(max_examples=80, suppress_health_check=[HealthCheck.filter_too_much])
def test_every_word_is_in_the_text_or_in_the_list_however_it_is_nested(trees):
    writer = Writer()
    body = "".join(map(writer.of, trees))
    parts = {"footnotes": f"<w:footnotes>{''.join(writer.notes)}</w:footnotes>", "numbering": NUMBERING}
    loaded = load_bytes("a.docx", packaged(paragraph("start") + body, parts))
    (document,), (file,) = loaded.documents, loaded.files
    held = " ".join([document.text, *(note.text for note in file.notes)])
    assert set(writer.words) - set(re.findall(r"word\d+", held)) == set()
