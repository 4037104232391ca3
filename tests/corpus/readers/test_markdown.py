from datetime import date

import pytest

from rag_core.corpus.loading.load import load_bytes


def only(text):
    (document,) = load_bytes("a.md", text.encode()).documents
    return document


def test_front_matter_travels_and_leaves_the_text():
    document = only(
        "---\ntitle: Refunds\nsource: policy\nupdated_at: 2026-03-14\ntenant: all\n"
        "version: 3\ntags: [a, b]\n---\n# H\nText."
    )
    assert (document.title, document.source, document.tenant) == ("Refunds", "policy", "all")
    assert document.updated_at == date(2026, 3, 14)
    assert document.metadata == {"version": 3, "tags": "a, b"}
    assert document.text == "# H\nText."


@pytest.mark.parametrize("text", ["---\n\nA rule first.\n\n---\n", "---\njust: prose", "--- not front matter ---\n"])
def test_a_rule_is_no_front_matter(text):
    assert only(text).text == text


@pytest.mark.parametrize(
    ("block", "title", "metadata"),
    [
        ("title: Setup: the short way", "Setup: the short way", {}),
        ("title:\tSetup\nplan: Team", "Setup", {"plan": "Team"}),
        ("title: {{ title }}\nplan: Team", "a", {"plan": "Team"}),
        ("title: 'Setup'\nauthor: @ana\nglob: *.md", "Setup", {}),
        ("a: [1,\nb: 2", "a", {"b": "2"}),
        ("a: !!python/object/apply:os.system [x]", "a", {}),
        ("a: &x [1, 1]\nb: [*x, *x]", "a", {}),
        ("a: 2026-99-99", "a", {"a": "2026-99-99"}),
    ],
)
def test_front_matter_that_cannot_be_read_costs_no_more_than_itself(block, title, metadata):
    loaded = load_bytes("a.md", f"---\n{block}\n---\nPress start.".encode())
    (document,) = loaded.documents
    assert (document.text, document.title, document.metadata) == ("Press start.", title, metadata)
    (note,) = loaded.files[0].notes
    assert (note.kind, note.where, note.text) == ("in doubt", "front matter", block)


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nNote: the lift is out of order.\n\n---\n\nUse the stairs.",
        "---\nThe lift is out of order.\n---\nUse the stairs.",
        "---\n- a: b: c\n---\nUse the stairs.",
    ],
)
def test_a_paragraph_between_two_rules_is_no_front_matter(text):
    assert only(text).text == text


@pytest.mark.parametrize(
    ("block", "title", "metadata"),
    [
        (
            "% Setup: the short way\n% Ann Berg\n  Bo Lind\n% 2026-03-14\n",
            "Setup: the short way",
            {"author": "Ann Berg; Bo Lind", "date": "2026-03-14"},
        ),
        (
            "author: Ann Berg; Bo Lind\ndate: 2026-03-14\ntitle: Setup: the short way\n",
            "Setup: the short way",
            {"author": "Ann Berg; Bo Lind", "date": "2026-03-14"},
        ),
        ("% GREP(1)\n  Manual\n% Ann Berg\n", "GREP(1) Manual", {"author": "Ann Berg"}),
        ("% Setup\n%\n% March 2026\n", "Setup", {"date": "March 2026"}),
        ("% Setup of the 5 pumps\n", "Setup of the 5 pumps", {}),
        ("Title:   Setup  \nAuthor: Ann Berg  \nBase Header Level: 2\n", "Setup", {"base_header_level": "2"}),
        ("Title: Setup\nTags: pump, valve\nSummary: How to\n  begin.\n", "Setup", {"summary": "How to begin."}),
    ],
)
def test_title_blocks_as_pandoc_and_multimarkdown_write_them(block, title, metadata):
    read = load_bytes("a.md", f"{block}\n# Start\n\nPress start.\n".encode()).documents[0]
    assert (read.title, read.text) == (title, "# Start\n\nPress start.\n")
    assert metadata.items() <= read.metadata.items()


@pytest.mark.parametrize(
    "text",
    [
        "Note: the lift is out of order.\n\nUse the stairs.\n",
        "Title: Senior Engineer\nLocation: Berlin\n\nApply by May.\n",
        "Title: One\nTitle: Two\n\nText.\n",
        "Title: Alone\n\nText.\n",
        "Title: Setup\nAuthor: Ann\nText without a gap.\n",
        "% of seats that are counted\n\nText.\n",
        "% Discounts are per year.\n\nText.\n",
        "% Setup\nText without a gap.\n",
        "% one\n% two\n% three\n% four\n\nText.\n",
        "%% A comment of TeX\n\nText.\n",
        "---\ntitle: Setup\n---\n\n% Not a block\n% Ann\n\nText.\n",
    ],
)
def test_what_only_looks_like_a_title_block_stays_in_the_text(text):
    body = text.partition("---\n\n")[2] or text
    assert load_bytes("a.md", text.encode()).documents[0].text.strip() == body.strip()


def test_a_title_block_is_one_in_markdown_only():
    assert load_bytes("a.txt", b"% Setup\n% Ann\n\nText.\n").documents[0].text.startswith("% Setup")


def test_front_matter_as_hugo_writes_it():
    document = only('+++\ntitle = "Refunds"\ndate = 2026-03-14T10:00:00Z\ntags = ["a", "b"]\n+++\nText.')
    assert (document.title, str(document.updated_at), document.text) == ("Refunds", "2026-03-14", "Text.")
    assert document.metadata["tags"] == "a, b"


def test_underlined_headings():
    text = "Refunds\n=======\n\nWithin 14 days.\n\nExceptions\n----------\nnone\n\n"
    text += "```\ncode\n====\n```\n\n| a |\n|---|\n\n- x\n---\n"
    assert only(text).text == text.replace("Refunds\n=======", "# Refunds").replace(
        "Exceptions\n----------", "## Exceptions"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Up to 10<sup>6</sup> files, H<sub>2</sub>O.", "Up to 10^6 files, H₂O."),
        ("It costs <s>$50</s> <del>$45</del> $40.", "It costs ~~$50~~ ~~$45~~ $40."),
        (
            "<table>\n<tr><td rowspan=2>EU</td><td>14</td></tr>\n<tr><td>15</td></tr>\n</table>",
            "|  |  |\n| --- | --- |\n| EU | 14 |\n| EU | 15 |",
        ),
        ("Type `10<sup>6</sup>` here.", "Type `10<sup>6</sup>` here."),
        ("```html\n<!-- kept -->\n<sup>6</sup>\n```", "```html\n<!-- kept -->\n<sup>6</sup>\n```"),
    ],
)
def test_html_in_markdown_is_read_as_its_page_shows_it(text, said):
    (document,) = load_bytes("a.md", text.encode()).documents
    assert document.text.strip() == said


def test_comments_in_markdown_are_listed():
    loaded = load_bytes("a.md", b"Paid in 14 days.\n<!-- ask Ann\nfirst -->\n\n[//]: # (not yet)\nBye. `<!-- code -->`")
    assert "Ann" not in loaded.documents[0].text
    assert "`<!-- code -->`" in loaded.documents[0].text
    assert [note.text for note in loaded.files[0].notes] == ["ask Ann\nfirst", "not yet"]
