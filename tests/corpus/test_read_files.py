"""The list of what files read as."""

from __future__ import annotations

from pathlib import Path

from benchmarks.read_files import lines
from tests.corpus.files import pdf
from tests.corpus.pdf_files import Page, written


def test_every_file_has_a_line_with_what_came_of_it(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.txt").write_text("Lamps.")
    (tmp_path / "b.pdf").write_bytes(written(Page([(40, 700, "Lamps.")]).note("Ask").note("Ask again")))
    (tmp_path / "c.pdf").write_bytes(pdf("Lamps.", password="x"))
    (tmp_path / "d.csv").write_text("id,text\n1,Lamps\n1,Pumps\n")
    assert list(lines(tmp_path)) == [
        "b.pdf: 1 document, 6 letters; left out: page 1 (2 times)",
        "below/a.txt: 1 document, 6 letters",
        "c.pdf: refused: It is protected with a password. Save a copy without one.",
        "d.csv: 1 document, 5 letters; left out: row 2",
    ]
