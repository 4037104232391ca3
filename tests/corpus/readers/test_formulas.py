"""Formulas of Word files and web pages in one line: what they say, never another number."""

from __future__ import annotations

import pytest
from docx import Document
from docx.oxml import parse_xml

from rag_core.corpus.loading.load import load_bytes
from tests.corpus.files import saved

MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def t(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def word(formula: str) -> str:
    document = Document()
    paragraph = document.add_paragraph("It is ")
    paragraph._p.append(parse_xml(f'<m:oMath xmlns:m="{MATH}">{formula}</m:oMath>'))
    paragraph.add_run(" here.")
    return load_bytes("a.docx", saved(document)).documents[0].text.removeprefix("It is ").removesuffix(" here.")


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (f"<m:f><m:num>{t('1')}</m:num><m:den>{t('2')}</m:den></m:f>", "(1)/(2)"),
        (
            f'<m:f><m:fPr><m:type m:val="noBar"/></m:fPr><m:num>{t("n")}</m:num><m:den>{t("k")}</m:den></m:f>',
            "n over k",
        ),
        (f"<m:rad><m:deg/><m:e>{t('x+1')}</m:e></m:rad>", "√(x+1)"),
        (f"<m:rad><m:deg>{t('3')}</m:deg><m:e>{t('y')}</m:e></m:rad>", "^3√(y)"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{t("0")}</m:sub><m:sup>{t("9")}</m:sup>'
            f"<m:e>{t('a')}</m:e></m:nary>",
            "∑₀^9 a",
        ),
        (f"<m:nary><m:sub/><m:sup/><m:e>{t('f')}</m:e></m:nary>", "∫ f"),
        (f"{t('f')}<m:d><m:e>{t('x')}</m:e></m:d>", "f(x)"),
        (f'<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val=""/></m:dPr><m:e>{t("x")}</m:e></m:d>', "[x"),
        (
            f"<m:m><m:mr><m:e>{t('1')}</m:e><m:e>{t('2')}</m:e></m:mr>"
            f"<m:mr><m:e>{t('3')}</m:e><m:e>{t('4')}</m:e></m:mr></m:m>",
            "1, 2; 3, 4",
        ),
        (f"<m:eqArr><m:e>{t('a=1')}</m:e><m:e>{t('b=2')}</m:e></m:eqArr>", "a=1; b=2"),
        (f"<m:acc><m:e>{t('y')}</m:e></m:acc>", "ŷ"),
        (f'<m:bar><m:barPr><m:pos m:val="top"/></m:barPr><m:e>{t("z")}</m:e></m:bar>', "z̄"),
        (f"<m:limLow><m:e>{t('lim')}</m:e><m:lim>{t('n')}</m:lim></m:limLow>", "limₙ"),
        (f"<m:sPre><m:sub/><m:sup>{t('14')}</m:sup><m:e>{t('C')}</m:e></m:sPre>", "^14C"),
        (f"<m:func><m:fName>{t('sin')}</m:fName><m:e>{t('x')}</m:e></m:func>", "sin x"),
        (f"<m:borderBox><m:e>{t('q')}</m:e></m:borderBox>", "q"),
    ],
)
def test_formulas_of_word(formula: str, said: str) -> None:
    assert word(formula) == said


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("<mfrac><mn>1</mn><mn>2</mn></mfrac>", "(1)/(2)"),
        ("<mfrac linethickness='0'><mi>n</mi><mi>k</mi></mfrac>", "n over k"),
        ("<msup><mn>10</mn><mn>6</mn></msup>", "10^6"),
        ("<msub><mi>a</mi><mi>i</mi></msub>", "a_i"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", "√(x+1)"),
        ("<mroot><mi>y</mi><mn>3</mn></mroot>", "^3√(y)"),
        ("<munderover><mo>∑</mo><mn>0</mn><mi>n</mi></munderover><mi>a</mi>", "∑₀^na"),
        ("<mover><mi>y</mi><mo>^</mo></mover>", "ŷ"),
        ("<mover><mrow><mi>a</mi><mi>b</mi></mrow><mo>⏞</mo></mover>", "ab"),
        ("<mtable><mtr><mtd>1</mtd><mtd>2</mtd></mtr><mtr><mtd>3</mtd><mtd>4</mtd></mtr></mtable>", "1, 2; 3, 4"),
        ("<mfenced><mi>x</mi><mi>y</mi></mfenced>", "(x,y)"),
        (
            "<semantics><mrow><mi>x</mi></mrow><annotation encoding='application/x-tex'>x</annotation></semantics>",
            "x",
        ),
        ("<mi>a</mi><mphantom><mn>9</mn></mphantom>", "a"),
    ],
)
def test_formulas_of_a_page(formula: str, said: str) -> None:
    (document,) = load_bytes("a.html", f"<p>It is <math>{formula}</math> here.</p>".encode()).documents
    assert document.text == f"It is {said} here."


def test_a_formula_that_a_page_draws_a_second_time_is_read_once() -> None:
    drawn = "<span class=katex><span class=katex-mathml><math><msup><mi>x</mi><mn>2</mn></msup></math></span>"
    drawn += "<span class=katex-html aria-hidden=true><span>x</span><span>2</span></span></span>"
    assert load_bytes("a.html", f"<p>It is {drawn}.</p>".encode()).documents[0].text == "It is x^2."
