import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.corpus.chunking import TokenCounter, chunk_all, chunk_document, sections
from rag_core.corpus.headings import headings
from rag_core.corpus.loading.load import load_bytes
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from tests.corpus.doubles import WordEmbedder


def document(text, **fields):
    return Document(id="d", text=text, **fields)


def cut(text, max_tokens=16, overlap=0, embedder=None, **fields):
    return chunk_document(
        document(text, **fields), Chunking(max_tokens=max_tokens, overlap=overlap), embedder or WordEmbedder()
    )


def test_headings_become_the_path_and_leave_the_text():
    passages = cut("Intro.\n\n# A\n\nOne.\n\n## B\n\nTwo.\n\n# C\nThree.")
    assert [(each.text, each.heading_path) for each in passages] == [
        ("Intro.", ()),
        ("One.", ("A",)),
        ("Two.", ("A", "B")),
        ("Three.", ("C",)),
    ]
    assert [each.id for each in passages] == ["d::0", "d::1", "d::2", "d::3"]


def test_a_chunk_inherits_from_its_document():
    (only,) = cut("x", title="T", source="policy", tenant="acme", updated_at="2026-03-14", metadata={"plan": "Team"})
    assert (only.title, only.source, only.tenant, str(only.updated_at)) == ("T", "policy", "acme", "2026-03-14")
    assert only.metadata == {"plan": "Team"}


def test_headings_only():
    passages = cut("# A\n## B\n## C\n# D")
    assert [(each.text, each.heading_path) for each in passages] == [("## B", ("A",)), ("## C", ("A",)), ("# D", ())]


def test_white_space_only_has_no_chunks():
    assert cut(" \n\t\n ") == []


def test_code_fences_are_not_split_at_their_comments():
    (only,) = cut("```\n# no heading\n```")
    assert only.heading_path == ()


def test_the_limit_splits_between_sentences_where_it_can():
    text = "One two three four five six seven. Eight nine ten eleven twelve thirteen fourteen."
    assert [each.text for each in cut(text)] == [
        "One two three four five six seven.",
        "Eight nine ten eleven twelve thirteen fourteen.",
    ]


def test_the_heading_line_counts_against_what_the_embedder_reads():
    embedder = WordEmbedder(max_tokens=40)
    heading = " ".join(["head"] * 10)
    passages = cut(f"# {heading}\n" + "word " * 100, max_tokens=200, embedder=embedder)
    assert max(len(embedder.token_spans(each.text)) for each in passages) == 40 - 10 - 2
    assert max(len(embedder.token_spans(each.model_text)) for each in passages) == 40 - 2


def test_under_a_very_long_heading_a_chunk_still_has_sixteen_tokens():
    embedder = WordEmbedder(max_tokens=40)
    passages = cut("# " + "head " * 60 + "\n" + "word " * 32, embedder=embedder)
    assert [len(embedder.token_spans(each.text)) for each in passages] == [16, 16]


def test_a_word_without_end_is_split():
    class OneTokenPerWord(WordEmbedder):
        def token_spans(self, text):
            import re

            return [match.span() for match in re.finditer(r"\S+", text)]

    passages = cut("x" * 10_000, max_tokens=100, embedder=OneTokenPerWord())
    assert "".join(each.text for each in passages) == "x" * 10_000
    assert max(len(each.text) for each in passages) <= 100 * 24


def test_overlap_stands_at_the_start_of_the_next_piece():
    words = " ".join(f"w{number:02}" for number in range(24))
    passages = cut(words, max_tokens=16, overlap=4)
    assert [each.text.split()[0] for each in passages] == ["w00", "w08"]
    assert [each.text.split()[-1] for each in passages] == ["w11", "w23"]


def test_overlap_does_not_cross_a_heading():
    passages = cut("# A\n" + "one " * 20 + "\n# B\ntwo", max_tokens=16, overlap=8)
    assert passages[-1].text == "two"


PRICES = "| Model | Weight | Price |\n|---|---|---|\n" + "".join(
    f"| Model {number} | {3 * number} kg | {7 * number} euro |\n" for number in range(1, 40)
)


def test_each_passage_of_a_long_table_carries_the_names_of_its_columns():
    passages = cut(f"# Price list\n\n{PRICES}\nAll prices are net.\n\n## Notes\n\nNone.", max_tokens=60)
    rows = [each for each in passages if "| Model" in each.text]
    assert len(rows) > 4
    for each in rows:
        assert each.model_text.count("Model | Weight | Price") == 1
    assert [each.heading_path for each in rows][:2] == [("Price list",), ("Price list", "Model | Weight | Price")]
    assert passages[-1].heading_path == ("Price list", "Notes")
    assert max(len(WordEmbedder().token_spans(each.text)) for each in passages) <= 60


@pytest.mark.parametrize("name", ["prices.md", "prices.html"])
def test_a_long_table_of_a_file_carries_its_columns_in_each_passage(name):
    rows = "".join(f"<tr><td>Plan {n}</td><td>P{n}</td><td>{n} h</td></tr>" for n in range(40))
    page = f"<h1>Plans</h1><table><thead><tr><th>Plan</th><th>Level</th><th>Time</th></tr></thead>{rows}</table>"
    lines = "".join(f"Plan {n} | P{n} | {n} h\n" for n in range(40))
    text = page if name.endswith("html") else f"Plans\n=====\n\nPlan | Level | Time\n--- | :-: | --:\n{lines}"
    (loaded,) = load_bytes(name, text.encode()).documents
    passages = chunk_document(loaded, Chunking(max_tokens=50), WordEmbedder())
    assert len(passages) > 5
    assert [each.heading_path for each in passages[1:]] == [("Plans", "Plan | Level | Time")] * (len(passages) - 1)


def test_a_header_row_that_takes_most_of_the_room_is_not_repeated():
    wide = f"| {' | '.join(f'column{number}' for number in range(30))} |\n|{'---|' * 30}\n"
    rows = "".join(f"| {' | '.join(f'cell{number}' for number in range(30))} |\n" for _ in range(9))
    assert {each.heading_path for each in cut(wide + rows, embedder=WordEmbedder(max_tokens=48))} == {()}


def test_all_documents_in_order_with_progress():
    told = []
    some = [Document(id=name, text="Text.") for name in "ba"]
    passages = chunk_all(some, Chunking(), WordEmbedder(), lambda done, total: told.append((done, total)))
    assert [each.id for each in passages] == ["b::0", "a::0"]
    assert told == [(1, 2), (2, 2)]


PIECES = st.sampled_from(
    [
        *(
            "# Head\n",
            "## Sub one\n",
            "### \n",
            "\n",
            "\n\n",
            "   ",
            "\t",
            "word ",
            "longerword ",
            "KB-ERR-2847-fatal ",
        ),
        *(
            "End. ",
            "a, b; c",
            "(x)",
            "```\n",
            "~~~",
            "x" * 70,
            "漢字",
            "é\u0301",
            "😀",
            "\u00a0",
            "|",
            "- item\n",
            "\u2028",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=300)


@settings(max_examples=300)
@given(text=TEXTS, max_tokens=st.integers(16, 40), overlap=st.integers(0, 20), title=st.sampled_from(["", "T " * 30]))
def test_spans_are_exact_the_limit_holds_and_nothing_is_lost(text, max_tokens, overlap, title):
    embedder = WordEmbedder(max_tokens=48)
    passages = cut(text, max_tokens, overlap, embedder, title=title)
    covered = [False] * len(text)
    for heading in headings(text):
        covered[heading.start : heading.end] = [True] * (heading.end - heading.start)
    for each in passages:
        assert text[each.start : each.end] == each.text
        assert each.text.strip() == each.text != ""
        assert len(embedder.token_spans(each.text)) <= max_tokens
        covered[each.start : each.end] = [True] * (each.end - each.start)
    assert "".join(letter for letter, seen in zip(text, covered, strict=True) if not seen).strip() == ""
    assert [each.start for each in passages] == sorted(each.start for each in passages)


@settings(max_examples=200)
@given(TEXTS)
def test_every_heading_is_in_a_path_or_is_a_chunk(text):
    found = list(sections(text))
    carried = {title for section in found for title in section.path}
    own = {text[section.start : section.end] for section in found}
    for heading in headings(text):
        assert heading.title in carried or text[heading.start : heading.end].strip() in own


@pytest.mark.parametrize("overlap", [0, 24])
def test_with_the_packaged_tokenizer(overlap):
    from rag_core.retrieval.embedders.sentence_embedder import get_embedder

    embedder = get_embedder()
    paragraph = "Refunds for digital goods (SKU NW-PRO-250-EU) take 14 days; see KB-ERR-2847-fatal. " * 4
    text = f"# Refunds\n\n{paragraph}\n\n## EU\n\n{paragraph}{paragraph}\n\n" + "z" * 5_000
    passages = cut(text, 64, overlap, embedder)
    assert len(passages) > 8
    for each in passages:
        assert text[each.start : each.end] == each.text
        assert len(embedder.token_spans(each.text)) <= 64


def test_the_counter_may_stop_early_but_never_says_too_little():
    counter = TokenCounter(WordEmbedder())
    assert counter("one two") == 2
    assert counter("word " * 1000, enough=10) > 10
    assert counter(" " * 1000 + "one", enough=10) == 1
