import pytest

from rag_core.corpus.headings import Heading, first_heading, headings


def test_spans_are_the_lines_without_their_breaks():
    text = "# One\nbody\n## Two ##\n"
    found = list(headings(text))
    assert found == [Heading(1, "One", 0, 5), Heading(2, "Two", 11, 20)]
    assert [text[each.start : each.end] for each in found] == ["# One", "## Two ##"]


@pytest.mark.parametrize(
    "text",
    [
        "```\n# code\n```",
        "~~~~\n# code\n~~~\n# still code",
        "```py\n# never closed",
        "#hashtag",
        "    # indented code",
        "##",
    ],
)
def test_what_is_no_heading(text):
    assert list(headings(text)) == []


def test_a_heading_after_a_closed_fence_counts():
    assert first_heading("```sh\n# comment\n```\n\n# Real") == "Real"


def test_titles_lose_their_markup():
    assert first_heading("# **Refunds** for `KB-1` in the [EU](https://example.org)") == "Refunds for KB-1 in the EU"
