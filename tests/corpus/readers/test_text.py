"""Text in any encoding that files are kept in is read right, or the reading is in doubt and says so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.encoding_texts import TEXTS
from rag_core.corpus.headings import headings
from rag_core.corpus.loading.load import load_bytes
from rag_core.corpus.loading.metadata import clean_text
from rag_core.corpus.readers.charset import declared_charset
from rag_core.corpus.readers.encodings import NAMES, guess

KEPT_IN = [(language, encoding) for language, (_, encodings) in TEXTS.items() for encoding in encodings]
SHAPES = {
    "a.txt": "{}",
    "a.md": "# {}",
    "a.html": "<p>{}</p>",
    "a.csv": "id,text\n1,{}\n",
    "a.tsv": "id\ttext\n1\t{}\n",
    "a.json": '[{{"text": "{}"}}]',
    "a.jsonl": '{{"text": "{}"}}\n',
}
"""A file of each text format that holds one line."""


def loaded(name, data):
    found = load_bytes(name, data)
    assert not found.problems
    return found.documents[0].text, found.files[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-32-be", "cp1252"])
def test_encodings(encoding):
    assert loaded("a.txt", "Größe – 5 €".encode(encoding))[0] == "Größe – 5 €"


@pytest.mark.parametrize(("language", "encoding"), KEPT_IN)
@pytest.mark.parametrize("name", SHAPES)
def test_older_encodings_in_every_text_format(name, language, encoding):
    line = TEXTS[language][0][:60].replace('"', "").replace(",", " ")
    line = line.encode(encoding, "ignore").decode(encoding).strip()
    text, file = loaded(name, SHAPES[name].format(line).encode(encoding))
    assert text.removeprefix("# ") == line
    assert file.encoding in NAMES.values()


@given(st.sampled_from(KEPT_IN), st.integers(0, 200), st.integers(30, 80))
@settings(max_examples=100)
def test_any_part_of_a_text_is_read_right_or_doubted(kept_in, start, length):
    language, encoding = kept_in
    part = TEXTS[language][0][start : start + length].strip()
    part = part.encode(encoding, "ignore").decode(encoding)
    if len(part) < 20:
        return
    found = guess(part.encode(encoding))
    assert found
    assert clean_text(found.text) == clean_text(part) or found.rival


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("café", "cp1252"),
        ("5 €", "cp1252"),
        ("20 °C", "cp1252"),
        ("§ 5", "cp1252"),
        ("30 £ off", "cp1252"),
        ("“Lamp” – 5 €", "cp1252"),
        ("Müller;Köln", "cp1252"),
        ("très, niño, João", "cp1252"),
        ("Tomasz Żółw", "cp1250"),
        ("退款", "gbk"),
        ("退款", "utf-16-le"),
        ("東京", "shift_jis"),
        ("東京です。", "iso-2022-jp"),
        ("Да", "cp1251"),
    ],
)
def test_a_few_letters(text, encoding):
    assert loaded("a.txt", text.encode(encoding))[0] == text


def test_a_doubt_shows_the_first_line_that_would_read_otherwise():
    text = "Plain words.\nКлиент может вернуть товар в течение 14 дней.\n"
    found, file = loaded("a.txt", text.encode("cp1251"))
    assert found == text
    (note,) = file.notes
    assert (file.encoding, note.kind, note.where) == ("Windows-1251", "in doubt", "encoding")
    assert note.text == "Клиент может вернуть товар в течение 14 дней."
    assert "Mac Cyrillic" in note.reason


def test_utf8_with_a_stray_byte_stays_utf8_and_says_where():
    text, file = loaded("a.txt", "Größe\n".encode() * 40 + b"f\xfcnf Euro")
    assert text.endswith("f\ufffdnf Euro")
    assert file.encoding == "UTF-8"
    assert [(note.kind, note.text) for note in file.notes] == [("in doubt", "f\ufffdnf Euro")]


def test_a_letter_that_is_only_far_down_in_a_long_file_decides():
    text, file = loaded("a.txt", b"Plain words.\n" * 40_000 + "Łódź, żółw i gęś".encode("cp1250"))
    assert text.endswith("Łódź, żółw i gęś")
    assert file.encoding == "Windows-1250"


def test_a_stray_nul_is_dropped():
    assert loaded("a.txt", b"x" * 2000 + b"\x00y")[0] == "x" * 2000 + "y"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.csv", "a.tsv", "a.jsonl", "a.json", "a.eml"])
def test_a_nul_byte_in_a_short_file_is_left_out_and_named(name: str, encoding: str) -> None:
    """Of few bytes one is soon a hundredth, which is not UTF-16 yet."""
    said = "Straße\x00 nach Köln"
    wrapped = {
        "csv": f"title,text\nA,{said}\n",
        "tsv": f"title\ttext\nA\t{said}\n",
        "jsonl": f'{{"title": "A"}}\n{{"title": "A", "text": "{said}"}}\n',
        "json": f'{{"title": "A",\n"text": "{said}"}}',
        "eml": f"From: a@example.com\nContent-Type: text/plain; charset={encoding}\n\n{said}\n",
    }
    content = wrapped.get(name.partition(".")[2], f"\n{said}\n")
    encoding = "utf-8" if name == "a.eml" and encoding == "utf-8-sig" else encoding
    read = load_bytes(name, content.encode(encoding))
    assert "Straße nach Köln" in read.documents[-1].text
    notes = [note for file in read.files for note in file.notes if "NUL byte" in note.reason]
    assert ["Straße nach Köln" in note.text for note in notes] == [True]


@pytest.mark.parametrize("text", ["Hello there", "客户可以在十四天内申请退款。\n第二行", "Straße", "退款\n"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_the_nul_bytes_of_wide_letters_are_halves_of_them(text: str, encoding: str) -> None:
    read = load_bytes("a.txt", text.encode(encoding))
    assert read.documents[0].text == text
    assert not [note for file in read.files for note in file.notes if "NUL byte" in note.reason]


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("iso-8859-1", "cp1252"),
        ("ISO-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("gb2312", "gb18030"),
        ("iso-8859-9", "cp1254"),
        ("euc-kr", "cp949"),
        ("utf-16", "utf-8"),
        ("koi8-r", "koi8-r"),
        ("no-such-thing", ""),
    ],
)
def test_what_a_page_declares_means_what_browsers_take_it_for(label, encoding):
    for head in (
        f"<meta charset='{label}'>",
        f'<META http-equiv="Content-Type" content="text/html; charset={label}">',
        f'<?xml version="1.0" encoding="{label}"?>',
    ):
        assert declared_charset(head.encode()) == encoding


def test_a_page_that_says_latin_1_keeps_its_quotes_and_euro_signs():
    text, file = loaded("a.html", "<meta charset='iso-8859-1'><p>“Lamp” – 5 €</p>".encode("cp1252"))
    assert (text, file.encoding, file.notes) == ("“Lamp” – 5 €", "Windows-1252", ())


def test_a_page_without_a_charset_is_guessed_as_a_text_is():
    assert loaded("a.html", "<p>très, niño, João</p>".encode("cp1252"))[0] == "très, niño, João"


def test_a_page_whose_bytes_are_not_what_it_says_is_doubted():
    text, file = loaded("a.html", "<meta charset=iso-8859-1><p>Größe</p>".encode())
    assert (text, file.encoding) == ("Größe", "UTF-8")
    assert "It says that it is Windows-1252" in file.notes[0].reason
    assert loaded("a.html", "<meta charset=utf-8><p>Größe</p>".encode("cp1252"))[0] == "Größe"


def test_an_xhtml_page_with_a_declaration():
    page = '<?xml version="1.0" encoding="koi8-r"?><html><body><p>Деньги</p></body></html>'
    assert loaded("a.xhtml", page.encode("koi8-r"))[0] == "Деньги"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bytes(range(256)) * 4, "binary data"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG image"),
        (b"\xff\xfea\x00b", "breaks off"),
        (b"", "empty"),
        (b" \n\t ", "empty"),
        ("\ufeff  ".encode(), "empty"),
    ],
)
def test_refusals(data, words):
    (problem,) = load_bytes("a.txt", data).problems
    assert words in problem.reason


def test_a_line_of_plain_text_that_begins_with_a_hash_is_no_heading():
    (document,) = load_bytes("backup.txt", b"Backup\n\n# stop the service first\nsystemctl stop app\n").documents
    assert (document.title, list(headings(document.text))) == ("backup", [])
    assert "stop the service first" in document.text


NEW_LETTERS = {"an emoji of 2022": "\U0001fae8", "not assigned": "\u0378", "private": "\ue0b0"}


@pytest.mark.parametrize("letter", NEW_LETTERS.values(), ids=NEW_LETTERS)
def test_utf8_with_letters_that_python_does_not_know_is_text(letter):
    text = f"Refunds {letter} take thirty days."
    found = guess(text.encode())
    assert found is not None and (found.text, found.encoding) == (text, "utf-8")


def test_the_colours_of_a_terminal_are_no_text():
    (document,) = load_bytes("a.txt", b"\x1b[31mError\x1b[0m: the \x1b[1;4mgate\x1b[m is shut\n").documents
    assert document.text == "Error: the gate is shut\n"
