"""What people read keeps to the words of the glossary: no retired name for a step, a passage or an outcome."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = sorted(path for folder in ("pages", "ui", "rag_core") for path in (ROOT / folder).rglob("*.py"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

RETIRED = {
    r"stages?": "step",
    r"(?<!re-)chunks?": "passage (chunking is what makes passages)",
    r"fates?": "outcome",
    r"shelf|shelves": "collection",
    r"screen(ed|ing)": "first pass",
    r"lessons?|taught|teach(es)?|learn from": "fine-tune",
    r"kept apart": "held out",
    r"find the loss": "the step that lost it",
    r"made elsewhere|another stack": "of another system",
    r"whoever|wherever|everybody|anybody": "everyone, anyone, or say who",
    r"stands?|stood|lies|lay": "is",
    r"mend(s|ed)?": "correct",
    r"anew": "again",
    r"take (it )?along": "download",
    r"of mine|of yours alone": "my, private",
    r"past (the|every) (cache|limit)": "bypassing the cache, beyond the limit",
    r"earns? its keep": "say what gets better",
    r"cut and index": "re-chunk",
}
"""A retired word, as a pattern of whole words, and what to write for it."""

PATTERN = re.compile("|".join(rf"(?P<w{number}>\b(?:{word})\b)" for number, word in enumerate(RETIRED)), re.IGNORECASE)

FOR_MODELS = {"rag_core/generation/prompt.py", "rag_core/generation/rewrite.py", "rag_core/rerank/grading.py"}
"""Modules whose long texts are instructions to a chat model; nobody else reads them."""


def retired(sentence: str) -> list[str]:
    """What is wrong with a sentence: `chunk: write passage (...)`. Code between backticks is not prose."""
    prose = re.sub(r"`[^`]*`|https?://\S+|<[^>]*>", " ", sentence)
    told = list(RETIRED.values())
    return [f"{found[0]}: write {told[int((found.lastgroup or 'w0')[1:])]}" for found in PATTERN.finditer(prose)]


def sentences(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string of a module that may be prose: two words or more, no docstring, no markup."""
    tree = ast.parse(source)
    said_elsewhere = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values]
            said_elsewhere.update(id(one) for one in node.values)
            text = "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if id(node) not in said_elsewhere and re.search(r"\w \w|\w[.,;:] \w", text):
            yield node.lineno, text


def prose(page: str) -> Iterator[tuple[int, str]]:
    """Line number and text of a Markdown page outside code blocks."""
    fenced = False
    for number, line in enumerate(page.splitlines(), start=1):
        fenced ^= line.lstrip().startswith("```")
        if not fenced and not line.startswith("    "):
            yield number, line


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_the_app_and_the_library_say(path: Path) -> None:
    for_models = str(path.relative_to(ROOT)) in FOR_MODELS
    told = sentences(path.read_text(encoding="utf-8"))
    found = [(line, retired(text)) for line, text in told if not (for_models and len(text) > 200)]
    assert [one for one in found if one[1]] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_the_documentation_says(path: Path) -> None:
    found = [(line, retired(text)) for line, text in prose(path.read_text(encoding="utf-8"))]
    assert [one for one in found if one[1]] == []


def test_only_sentences_are_looked_at() -> None:
    source = '"""A stage."""\nKEY = "stage-strip"\nHTML = \'<div data-testid="stage-strip">{}</div> two words\'\n'
    assert [word for _, text in sentences(source) for word in retired(text)] == []
    said = 'def f(one: str) -> str:\n    """Whoever."""\n    return f"{one} stage of a chunk"\n'
    assert [word for _, text in sentences(said) for word in retired(text)] == [
        "stage: write step",
        "chunk: write passage (chunking is what makes passages)",
    ]
