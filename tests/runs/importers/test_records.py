"""Records of runs in a file, with and without ids."""

from __future__ import annotations

import json
from pathlib import Path

from rag_core import open_runs
from rag_core.cli.main import main
from rag_core.runs.store.run_book import RunBook
from rag_core.settings import Settings
from rag_core.storage.database import Store


def record(query: str, **more: object) -> dict[str, object]:
    steps = [{"name": "dense", "kind": "search", "hits": [{"passage_id": "p1", "text": "Refunds take ten days."}]}]
    return {"project": "shop", "query": query, "steps": steps, **more}


def written(folder: Path, *records: dict[str, object]) -> Path:
    file = folder / "runs.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return file


def test_a_file_without_ids_that_is_imported_again_replaces_its_runs(tmp_path: Path) -> None:
    file = written(tmp_path, record("refunds"), record("refunds"), record("shipping"), record("tax", id="mine"))
    book = RunBook(Store.from_settings(Settings(data_dir=tmp_path / "data")))

    first, again = open_runs(file).runs, open_runs(file).runs
    book.add_many(first)
    book.add_many(again)

    assert [one.id for one in first] == [one.id for one in again]
    assert len({one.id for one in first}) == 4 and first[-1].id == "mine"
    assert len(book.find().found) == 4


def test_the_ids_that_the_command_line_prints_name_the_runs(tmp_path: Path, capsys) -> None:
    file = written(tmp_path, record("refunds"), record("shipping"))
    assert main(["inspect", "--run", str(file), "--run-id", "zzz"]) == 2
    shown = capsys.readouterr().err
    wanted = next(run for run in open_runs(file).runs if run.query == "shipping")

    assert wanted.id[:8] in shown
    assert main(["inspect", "--run", str(file), "--run-id", wanted.id[:8]]) == 0
    assert "shipping" in capsys.readouterr().out
