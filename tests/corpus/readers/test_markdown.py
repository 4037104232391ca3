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
    assert document.metadata == {"version": 3, "tags": '["a", "b"]'}
    assert document.text == "# H\nText."


@pytest.mark.parametrize("text", ["---\n\nA rule first.\n\n---\n", "---\njust: prose", "--- not front matter ---\n"])
def test_a_rule_is_no_front_matter(text):
    assert only(text).text == text


@pytest.mark.parametrize("block", ["a: [1,\nb: 2", "a: b: c", "a: !!python/object/apply:os.system [x]"])
def test_broken_front_matter_is_named(block):
    (problem,) = load_bytes("a.md", f"---\n{block}\n---\nText".encode()).problems
    assert "not valid YAML" in problem.reason


def test_front_matter_that_would_unfold_is_refused():
    (problem,) = load_bytes("a.md", b"---\na: &x [1, 1]\nb: [*x, *x]\n---\nText").problems
    assert "aliases" in problem.reason


def test_underlined_headings():
    text = "Refunds\n=======\n\nWithin 14 days.\n\nExceptions\n----------\nnone\n\n"
    text += "```\ncode\n====\n```\n\n| a |\n|---|\n\n- x\n---\n"
    assert only(text).text == text.replace("Refunds\n=======", "# Refunds").replace(
        "Exceptions\n----------", "## Exceptions"
    )
