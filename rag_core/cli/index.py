"""`second-pass index FOLDER --name NAME`: index a folder of documents and keep the collection.

second-pass index handbook --name Handbook             in the data folder, where the app shows it to everybody
second-pass index handbook --name Handbook --replace   again: only passages whose text has changed are embedded
second-pass index handbook --name Small --embedder "openai:text-embedding-3-small?dimensions=512"   sends the passages
second-pass ask "How long do refunds take?" --collection Handbook
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rag_core.cli.documents import EMBEDDER_HELP, library, progress, read_folder, told_what_was_sent
from rag_core.retrieval.embedders.choosing import embedder_for
from rag_core.schema.chunking import Chunking
from rag_core.settings import Settings
from rag_core.wording.file_notes import note_line
from rag_core.wording.numbers import count_of


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("folder", type=Path, help="a folder of documents")
    add("--name", required=True, help="what the collection is called")
    add("--embedder", metavar="KEY", help=EMBEDDER_HELP)
    add("--replace", action="store_true", help="take the place of the collection of that name")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Read, index, save, say where."""
    settings = Settings()
    loaded = read_folder(given.folder)
    said = {str(problem) for problem in loaded.problems}
    for file in loaded.files:
        for note in file.notes:
            if f"{file.name}, {note.where}: {note.reason}" not in said:
                sys.stderr.write(f"{note_line(file, note)}\n")
    embedder = embedder_for(given.embedder or settings.embedding_model, settings)
    kept = library(settings)
    with told_what_was_sent():
        made = kept.build(
            given.name, loaded.documents, Chunking(), embedder, progress, replace=given.replace, files=loaded.files
        )
    counts = f"{count_of(made.manifest.documents, 'document')}, {count_of(made.manifest.passages, 'passage')}"
    sys.stdout.write(f"{made.manifest.name}: {counts}, in {kept.root}\n")
    return 0
