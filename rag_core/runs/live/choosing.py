"""Which retriever somebody means who has one line to say it: a name, an address, a function or a file.

Support search                    a name in the file of SECOND_PASS_RETRIEVERS
http://localhost:8000             a plain search endpoint; its key is in SECOND_PASS_RETRIEVER_KEY
my_app.search:retrieve            a Python function
support.json                      a file with one retriever, as the Corpus page shows it
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from rag_core.errors import BadInput
from rag_core.runs.live.config import FUNCTION, config_of
from rag_core.runs.live.named import read_named
from rag_core.runs.live.retriever import LiveRetriever

KEY = "SECOND_PASS_RETRIEVER_KEY"


def retriever_of(said: str, file: Path | None, environ: Mapping[str, str] = os.environ) -> LiveRetriever:
    """The retriever. file: that of the named ones. Raises BadInput, with the names that there are."""
    if not said.strip():
        raise BadInput(
            "--retriever is empty. Give a name, an address, module:function, or a .json file of a retriever."
        )
    named, problems = read_named(file, environ)
    if said in named:
        return named[said]
    if said in problems:
        raise BadInput(problems[said])
    if said.startswith(("http://", "https://")):
        config, key = config_of({"url": said}), environ.get(KEY, "").strip()
        return LiveRetriever(config.place, config, SecretStr(key) if key else None)
    if said.endswith(".json"):
        return _only_one(Path(said), environ)
    if FUNCTION.fullmatch(said):
        return LiveRetriever(said, config_of({"kind": "function", "function": said}))
    known = f"There are: {', '.join(named)}." if named else "SECOND_PASS_RETRIEVERS names no file of retrievers."
    raise BadInput(
        f"There is no retriever “{said}”. {known} Or give an address, module:function, or a .json file of a retriever."
    )


def _only_one(file: Path, environ: Mapping[str, str]) -> LiveRetriever:
    found, problems = read_named(file, environ)
    if len(found) + len(problems) != 1:
        raise BadInput(
            f"{file} holds {len(found) + len(problems)} retrievers. Set SECOND_PASS_RETRIEVERS={file} and give a name."
        )
    if problems:
        raise BadInput(next(iter(problems.values())))
    return next(iter(found.values()))
