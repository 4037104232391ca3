"""Answers to a trace, each made once: sentences quoted by a reranker, or written by a chat model as it comes in.

Both are work in steps (`rag_core.pipeline.background`): a chat model's text so far can be shown, and it can be stopped.
An answer is remembered by what it was made from, and by whose model made it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from rag_core.generation.chat.price import TokenPrice, priced
from rag_core.generation.chat.stream import stream_answer
from rag_core.generation.quoting import chooser_for
from rag_core.pipeline.background import Steps
from rag_core.pipeline.paid import Paid
from rag_core.pipeline.pipeline import Pipeline
from rag_core.schema.answers import Answer
from rag_core.schema.once import once
from rag_core.schema.trace import Trace

if TYPE_CHECKING:
    from rag_core.generation.chat.access import ChatAccess


class Answerer:
    """Makes the answers of one kind: written by this chat model; without one, quoted by the reranker `chooser`, or by
    whichever the trace asks for."""

    def __init__(self, pipeline: Pipeline, paid: Paid, chat: ChatAccess | None, chooser: str | None) -> None:
        self._pipeline = pipeline
        self._paid = paid
        self._chat = chat
        self._chooser = chooser

    def key(self, trace: Trace) -> Hashable:
        """What tells one answer from another. What a caller's own chat model said is under a scope that is the
        caller's alone."""
        kept = tuple(hit.passage_id for hit in trace.kept_step.hits)
        if self._chat:
            return "chat", self._chat.scope, self._chat.config, kept
        return "quoted", self._chooser or chooser_for(trace), kept

    def known(self, trace: Trace) -> Answer | None:
        """The answer where it is made already, on this trace's time line and at this chat model's price."""
        with self._paid.claims.lock:
            found = self._paid.answers.get(self.key(trace))
        if found is None:
            return None
        return _of_run(found, trace.took_ms, self._chat.price if self._chat else None)

    def steps(self, trace: Trace) -> Steps[str, None]:
        """Make the answer, unless somebody else has made it or is making it now; says a chat model's text so far."""
        key = self.key(trace)
        with self._paid.claims.taken(partial(self._missing, key)) as due:
            if due:
                answer = yield from (self._written(trace, self._chat) if self._chat else self._quoted(trace))
                with self._paid.claims.lock:
                    self._paid.answers[key] = answer

    def _missing(self, key: Hashable) -> Mapping[Hashable, None]:
        return {} if key in self._paid.answers else {key: None}

    def _quoted(self, trace: Trace) -> Steps[str, Answer]:
        yield ""
        return self._pipeline.answer(trace, self._chooser)

    def _written(self, trace: Trace, chat: ChatAccess) -> Steps[str, Answer]:
        stream, text = stream_answer(chat, trace.query, [one.passage for one in trace.kept]), ""
        with closing(stream.pieces()) as pieces:
            for piece in pieces:
                text += piece
                yield text
        return self._pipeline.check(trace, stream.answer)


@once
def _of_run(answer: Answer, started_ms: float, price: TokenPrice | None) -> Answer:
    """The answer on a run's time line, a chat model's at that price."""
    return priced(answer.with_(timing=answer.timing.with_(started_ms=started_ms)), price)
