import pytest

from rag_core.corpus.loading.load import load_bytes, load_folder
from rag_core.corpus.readers.base import Limits
from rag_core.errors import BadInput


def reason(name, data, **options):
    (problem,) = load_bytes(name, data, **options).problems
    assert problem.name == name
    return problem.reason


def test_wrong_names_are_told():
    assert reason("a.xlsx", b"PK\x03\x04 xl/workbook").endswith("Save the sheet as CSV.")
    assert "Known endings: .pdf" in reason("a.exe", b"MZ\x90")
    assert "no ending" in reason("README", b"text")
    assert "a web page" in reason("a.pdf", b"<!DOCTYPE html><p>x")
    assert "protected with a password" in reason("a.docx", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"))
    assert "an Excel workbook" in reason("a.docx", b"PK\x03\x04....xl/workbook.xml")
    assert "larger than 1 MB" in reason("a.txt", b"x" * (2**20 + 1), limits=Limits(file_mb=1))


def test_a_folder_with_a_metadata_table(tmp_path):
    (tmp_path / "how-to").mkdir()
    (tmp_path / "how-to" / "a.txt").write_text("Text of a.")
    (tmp_path / "b.md").write_text("---\nsource: wiki\nplan: Team\n---\nText of b.")
    (tmp_path / "codes.csv").write_text("id,text\nE1,one\nE2,two\n")
    (tmp_path / "broken.pdf").write_bytes(b"nothing")
    (tmp_path / ".hidden.txt").write_text("x")
    (tmp_path / "metadata.csv").write_text(
        "file_name,title,source,updated_at,region\nhow-to/a.txt,How A,help,2026-02-01,EU\n"
        "b.md,,policy,,\ngone.txt,x,,,\n,y,,,\n"
    )
    loaded = load_folder(tmp_path)
    by_id = {document.id: document for document in loaded.documents}
    assert sorted(by_id) == ["b.md", "codes.csv#E1", "codes.csv#E2", "how-to/a.txt"]
    a = by_id["how-to/a.txt"]
    assert (a.title, a.source, str(a.updated_at), a.metadata) == ("How A", "help", "2026-02-01", {"region": "EU"})
    assert (by_id["b.md"].source, by_id["b.md"].metadata) == ("policy", {"plan": "Team"})
    assert {problem.name for problem in loaded.problems} == {"broken.pdf", "gone.txt", "metadata.csv, row 4"}


def test_a_metadata_table_below_describes_its_own_folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("Text.")
    (tmp_path / "sub" / "metadata.csv").write_text("file_name,title\na.txt,Sub A\n")
    loaded = load_folder(tmp_path)
    assert [(document.id, document.title) for document in loaded.documents] == [("sub/a.txt", "Sub A")]
    assert loaded.problems == ()


def test_no_folder(tmp_path):
    with pytest.raises(BadInput, match="not a folder"):
        load_folder(tmp_path / "none")
