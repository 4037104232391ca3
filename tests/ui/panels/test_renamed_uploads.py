"""Uploads that share a name: what each becomes is told before anything is indexed."""

from __future__ import annotations

from ui.panels.upload_preview import renamed


def test_a_second_file_of_the_same_name_is_named_with_what_it_becomes() -> None:
    assert renamed(["a/notes.md", "b/Notes.md", "plans.md", "notes.md"]) == [
        ("Notes.md", "Notes (2).md"),
        ("notes.md", "notes (3).md"),
    ]
    assert renamed(["notes.md", "plans.md"]) == []
