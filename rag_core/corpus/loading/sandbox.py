"""Uploads, parsed in a process of their own with limits of time, memory, pages and size.

Bytes go in and JSON comes out; nothing is unpickled, no upload's name becomes a path, and the worker sees no
secret of our environment. Whatever goes wrong is a `DocumentError` with the upload's name; other uploads go on.
Memory and processor time are limited on POSIX systems; elsewhere only the wall clock is.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from pydantic import ValidationError

from rag_core.corpus.loading.columns import CsvColumns
from rag_core.corpus.loading.load import Loaded
from rag_core.corpus.loading.worker import NO_ROOM, ParseJob, ParseReply
from rag_core.corpus.readers.base import DEFAULT_LIMITS, Limits
from rag_core.errors import CollectionError, DocumentError
from rag_core.schema.progress import Progress
from rag_core.storage.files import close_quietly

_PASSED_ON = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
_TOO_SLOW = {signal.SIGXCPU} if hasattr(signal, "SIGXCPU") else set()
_LONGEST_NAME = 150


@dataclass(frozen=True)
class Upload:
    """The result for one uploaded file. `name` is its label: the name it came with, made safe and unique."""

    name: str
    loaded: Loaded


def parse_uploads(
    files: Iterable[tuple[str, bytes]],
    *,
    limits: Limits = DEFAULT_LIMITS,
    columns: Mapping[int, CsvColumns] | None = None,
    date_field: str | None = None,
    progress: Progress | None = None,
) -> list[Upload]:
    """One result per file, in order. A name that is there already gets a number: `notes.txt`, `notes (2).txt`.

    `columns` is the choice for tables, by the file's place among `files`; `date_field` that of the documents' date.
    """
    given = list(files)
    labels = unique_labels([name for name, _ in given])
    chosen = columns or {}
    results = []
    for place, (label, (_, data)) in enumerate(zip(labels, given, strict=True)):
        loaded = parse_upload(label, data, limits=limits, columns=chosen.get(place), date_field=date_field)
        results.append(Upload(label, loaded))
        if progress:
            progress(place + 1, len(given))
    return results


def parse_upload(
    name: str,
    data: bytes,
    *,
    limits: Limits = DEFAULT_LIMITS,
    columns: CsvColumns | None = None,
    date_field: str | None = None,
) -> Loaded:
    """The documents of one upload; ids start with its label. Never raises for the file's sake."""
    label = safe_label(name)
    try:
        if len(data) > limits.file_mb * 2**20:
            raise DocumentError(label, f"It is larger than {limits.file_mb} MB. Split it into smaller files.")
        job = ParseJob(name=label, limits=limits, columns=columns, date_field=date_field)
        reply = _read_reply(label, _run_worker(job, data))
        _check_ids(label, reply)
    except DocumentError as problem:
        return Loaded(problems=(problem,))
    problems = tuple(DocumentError(where, reason) for where, reason in reply.problems)
    return Loaded(reply.documents, problems, reply.files)


def safe_label(name: str) -> str:
    """The name without folders, control and direction characters; never empty.

    >>> safe_label("../../etc/passwd\\x00.txt")
    'passwd.txt'
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(letter for letter in last if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    label = " ".join(kept.split()).strip(". ") if kept.strip(". ") else ""
    suffix = PurePosixPath(label).suffix[:12]
    return f"{label[: -len(suffix) or None][: _LONGEST_NAME - len(suffix)]}{suffix}" if label else "unnamed"


def unique_labels(names: Sequence[str]) -> list[str]:
    """Safe labels, each only once: the second `a.txt` is `a (2).txt`. Case makes no difference."""
    used: set[str] = set()
    labels = []
    for name in names:
        label = first = safe_label(name)
        stem, suffix = PurePosixPath(first).stem, PurePosixPath(first).suffix
        number = 1
        while label.casefold() in used:
            number += 1
            label = f"{stem} ({number}){suffix}"
        used.add(label.casefold())
        labels.append(label)
    return labels


def _run_worker(job: ParseJob, data: bytes) -> bytes:
    """The worker's answer, as bytes. Raises DocumentError in words for each way in which it can fail for the file's
    sake, and CollectionError where the folder of temporary files takes no more."""
    with ExitStack() as at_end:
        try:
            given, answer = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
            at_end.callback(close_quietly, given, answer)
            given.write(job.model_dump_json().encode() + b"\n" + data)
            given.seek(0)
        except OSError as exc:
            raise _no_room(exc.strerror or str(exc)) from exc
        code = _wait(job, given, answer)
        if code == NO_ROOM:
            raise _no_room("its answer could not be written")
        if code != 0:
            raise DocumentError(job.name, _why(code, job.limits))
        answer.seek(0)
        return answer.read((job.limits.output_mb + 1) * 2**20)


def _no_room(why: str) -> CollectionError:
    return CollectionError(
        f"An upload cannot be read: the folder of temporary files takes no more ({why}). Free some space there, or set "
        "TMPDIR to a folder that has it and may be written, and try again."
    )


def _wait(job: ParseJob, given: IO[bytes], answer: IO[bytes]) -> int:
    """Run the worker to its end or to the limit of time. Its exit code; negative: the signal that ended it."""
    root = Path(__file__).parents[3]
    environment = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    worker = subprocess.Popen(
        [sys.executable, "-P", "-B", "-m", "rag_core.corpus.loading.worker"],
        stdin=given,
        stdout=answer,
        stderr=subprocess.DEVNULL,
        cwd=root,
        env={**environment, "PYTHONPATH": str(root), "PYTHONUTF8": "1"},
    )
    try:
        return worker.wait(job.limits.seconds)
    except subprocess.TimeoutExpired as exc:
        raise DocumentError(job.name, _slow(job.limits.seconds)) from exc
    finally:
        worker.kill()
        worker.wait()


def _why(code: int, limits: Limits) -> str:
    """A worker that ended without an answer, in words."""
    if -code in _TOO_SLOW:
        return _slow(limits.cpu_seconds)
    return (
        f"Reading it failed half-way: it is damaged, or needs more than {limits.memory_mb} MB of memory. "
        "Save it again or split it."
    )


def _slow(seconds: float) -> str:
    return f"Reading it took longer than {seconds:g} s, so it was stopped. Split it into smaller files."


def _read_reply(label: str, answer: bytes) -> ParseReply:
    """The worker's answer, validated: a hostile file may have taken the worker over."""
    try:
        return ParseReply.model_validate_json(answer)
    except ValidationError as exc:
        raise DocumentError(label, "Reading it gave no usable answer. The file may be damaged; save it again.") from exc


def _check_ids(label: str, reply: ParseReply) -> None:
    """Documents of an upload bear its label, so that one upload cannot pass for another."""
    ids = [document.id for document in reply.documents]
    own = all(each == label or each.startswith(f"{label}#") for each in ids)
    if len(set(ids)) != len(ids) or not own or any(file.name != label for file in reply.files):
        raise DocumentError(label, "Reading it gave no usable answer. The file may be damaged; save it again.")
