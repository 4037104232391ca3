"""The process in which one upload is parsed: `python -m rag_core.corpus.loading.worker`, started by the sandbox only.

Standard input: a line of JSON (`ParseJob`), then the file's bytes. Standard output: JSON (`ParseReply`). It limits its
own memory, processor time and output before it looks at the file. The sandbox gives it none of our environment.
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

from rag_core.corpus.loading.columns import CsvColumns
from rag_core.corpus.loading.load import load_bytes
from rag_core.corpus.readers.base import Limits
from rag_core.schema.base import Frozen
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile

NO_ROOM = 74
"""The exit status where the answer cannot be written."""


class ParseJob(Frozen):
    """What to parse: the upload's label, what it may cost, and the columns and the date's field that were chosen."""

    name: str
    limits: Limits
    columns: CsvColumns | None = None
    date_field: str | None = None


class ParseReply(Frozen):
    """What came out: documents, (name, reason) of each file or row that could not be read, and the file's own record
    where documents came of it."""

    documents: tuple[Document, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    files: tuple[SourceFile, ...] = ()


def main() -> None:
    """Read a job from standard input, answer on standard output. Libraries that print do not disturb it."""
    answer = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    job = ParseJob.model_validate_json(sys.stdin.buffer.readline())
    _limit(job.limits)
    reply = _parse(job, sys.stdin.buffer)
    try:
        with open(answer, "wb") as stream:  # noqa: PTH123 - a file descriptor, not a path
            stream.write(_within(reply.model_dump_json().encode(), job))
    except OSError:
        os._exit(NO_ROOM)


def _within(answer: bytes, job: ParseJob) -> bytes:
    """The answer, or that it is too large; the system's own limit on what is written lies just above."""
    if len(answer) <= job.limits.output_mb * 2**20:
        return answer
    reason = f"It holds more than {job.limits.output_mb} MB of text. Split it into smaller files."
    return ParseReply(problems=((job.name, reason),)).model_dump_json().encode()


def _limit(limits: Limits) -> None:
    """Bound this process: address space, processor seconds, size of what it writes, no core file."""
    try:
        import resource
    except ImportError:  # not a POSIX system: the sandbox's wall clock is what remains
        return
    memory, output, seconds = limits.memory_mb * 2**20, (limits.output_mb + 1) * 2**20, limits.cpu_seconds
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_FSIZE, output, output),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_CPU, seconds, seconds + 1),  # at the soft limit the signal still says why
    ):
        resource.setrlimit(kind, (soft, hard))


def _parse(job: ParseJob, stream: BinaryIO) -> ParseReply:
    """The documents, or the reason why there are none."""
    try:
        loaded = load_bytes(job.name, stream.read(), limits=job.limits, columns=job.columns, date_field=job.date_field)
    except MemoryError:
        reason = f"Reading it needs more than {job.limits.memory_mb} MB of memory. Split it into smaller files."
        return ParseReply(problems=((job.name, reason),))
    problems = tuple((each.name, each.reason) for each in loaded.problems)
    return ParseReply(documents=loaded.documents, problems=problems, files=loaded.files)


if __name__ == "__main__":
    main()
