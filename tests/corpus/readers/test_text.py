import pytest

from rag_core.corpus.loading.load import load_bytes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings(encoding):
    (document,) = load_bytes("a.txt", "Größe – 5 €".encode(encoding)).documents
    assert document.text == "Größe – 5 €"


def test_a_stray_nul_is_dropped():
    (document,) = load_bytes("a.txt", b"x" * 2000 + b"\x00y").documents
    assert document.text == "x" * 2000 + "y"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bytes(range(256)) * 4, "binary data"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG image"),
        (b"\xff\xfea\x00b", "breaks off"),
        (b"\x81\x8d\x8f text", "neither UTF-8 nor Windows-1252"),
        (b"", "empty"),
        (b" \n\t ", "empty"),
        ("\ufeff  ".encode(), "empty"),
    ],
)
def test_refusals(data, words):
    (problem,) = load_bytes("a.txt", data).problems
    assert words in problem.reason
