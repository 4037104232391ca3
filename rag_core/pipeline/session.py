"""One question over one collection: everything that was paid for it, shared by all who ask it.

    session = QuerySession(pipeline, "How long do refunds take?")
    trace = session.trace(Policy())              # searches and scores what is missing, then replays
    session.trace(Policy(top_k=3))               # nothing is missing: a replay
    session.answer(trace).text

A measurement grows here; all deciding is `replay`'s. Any number of threads may use a session: none pays for what
another has paid for or is paying for, and no lock is held while a model or a network works. A page that shows how far
it is and offers Stop watches `scoring`, `answering` and `settling`, which do the same in a thread of their own.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from rag_core.pipeline.answering import Answerer
from rag_core.pipeline.background import Steps, Work, finished
from rag_core.pipeline.cascade import Reading, pool_of, reading
from rag_core.pipeline.paid import Paid
from rag_core.pipeline.paying import Payer
from rag_core.pipeline.pipeline import Pipeline, checked_query
from rag_core.pipeline.replay import replay
from rag_core.schema.answers import Answer
from rag_core.schema.documents import Passage
from rag_core.schema.filters import Filter
from rag_core.schema.measurement import Measurement
from rag_core.schema.once import once
from rag_core.schema.policy import EarlyStopping, Policy
from rag_core.schema.trace import Trace

if TYPE_CHECKING:
    from rag_core.diagnosis import Diagnosis, Location, WhatIf
    from rag_core.generation.chat.access import ChatAccess


_replay = once(replay)
"""A page replays at every run; what was measured seldom changed in between."""


class QuerySession:
    """One question; `pipeline` pays for it.

    asker: who asks. A reranker that failed for an asker is not asked again by it before `retry`, and by others is.
    """

    def __init__(self, pipeline: Pipeline, query: str, where: Filter | None = None, asker: str = "") -> None:
        """Searches nothing yet. Raises BadInput for a question that is empty or too long."""
        self.pipeline = pipeline
        self.query = checked_query(query)
        self.where = where
        self.asker = asker
        self._share(Paid())

    def _share(self, paid: Paid) -> None:
        self._paid = paid
        self._payer = Payer(self.pipeline, self.query, self.asker, paid)

    def using(self, pipeline: Pipeline, asker: str = "") -> QuerySession:
        """The same question for another asker, with the pipeline that holds its keys. All that was paid for is shared,
        answers of a chat model as far as the model is."""
        other = QuerySession(pipeline, self.query, self.where, asker)
        other._share(self._paid)
        return other

    @property
    def measurement(self) -> Measurement | None:
        """What is paid for by now, with this asker's own failures; None before the first search."""
        with self._paid.claims.lock:
            return self._paid.seen_by(self.asker)

    def trace(self, policy: Policy) -> Trace:
        """The question's trace under this policy, after paying here and now for what nobody has paid for yet.

        A reranker that fails does not raise: the trace says why it has no scores.
        """
        self.search(policy)
        self.drop_outdated(policy)
        while (found := self.replayed(policy)) is None:
            finished(self._payer.scoring(policy, in_slices=False))
        return found

    @property
    def being_searched(self) -> bool:
        """Whether somebody runs the first search now: `search` would wait for it, `scoring` can be watched."""
        return self._paid.claims.is_taken("measure")

    def search(self, policy: Policy) -> bool:
        """Search here and now, unless somebody has: the question and the policy's extra searches at once.

        False where nothing was to do. Rewriting, and extra searches that a later policy adds, are `scoring`'s.
        """
        claims = self._paid.claims
        with claims.taken(lambda: {} if self._paid.measurement else {"measure": None}) as due:
            if due:
                measured = self.pipeline.measure(self.query, self.where, policy.extra_searches)
                with claims.lock:
                    self._paid.keep(measured)
        return bool(due)

    def drop_outdated(self, policy: Policy) -> None:
        """Forget what rerankers of this policy have scored that run another model by now, as `Pipeline.search` does.

        May ask a server which model it runs; `trace` begins with it.
        """
        if (known := self.measurement) is None:
            return
        kept = self.pipeline.without_outdated(known, policy).rerankings
        with self._paid.claims.lock:
            self._paid.drop_scores({one: was.model for one, was in known.rerankings.items() if one not in kept})

    def replayed(self, policy: Policy) -> Trace | None:
        """The trace where all that it needs is paid for, else None."""
        with self._paid.claims.lock:
            known = self._payer.searched(policy)
            ready = known is not None and self._payer.next_pass(known, policy) is None
        return _replay(known, policy) if known and ready else None

    def replayed_so_far(self, policy: Policy) -> Trace | None:
        """The trace as far as the pool is read; None before there is an order to show."""
        with self._paid.claims.lock:
            known = self._payer.searched(policy)
        if known is None:
            return None
        in_first_pass, read, _ = reading(known, policy)
        if in_first_pass or not read:
            return self.replayed(policy)
        return _replay(known, policy.with_(stopping=EarlyStopping(limit=read)))

    def handed_on(self, policy: Policy) -> list[Passage] | None:
        """What the policy's first pass hands on to the reranker, best first; None without one, or before it is done."""
        with self._paid.claims.lock:
            known = self._payer.searched(policy)
        if known is None or policy.first_pass is None or reading(known, policy).first_pass:
            return None
        return [known.passages[passage_id] for passage_id in pool_of(known, policy)]

    def reading(self, policy: Policy) -> Reading | None:
        """How far reranking has come, whoever pays for it; None while searches are still to run."""
        with self._paid.claims.lock:
            known = self._payer.searched(policy)
        return reading(known, policy) if known else None

    def next_slice(self, policy: Policy) -> bool:
        """Pay for the next step here and now: a search, or a slice of the pool. False where nothing is left."""
        return self.search(policy) or next(self._payer.scoring(policy), False) is not False

    def scoring(self, policy: Policy) -> AbstractContextManager[Work[None, None]]:
        """All that the policy lacks, the first search included, paid for in the background step by step; joined where
        it goes on already.

        It ends where nobody watches any more. What a step has paid for is kept, so that leaving and stopping lose
        nothing. Look at `replayed` when it is over: who joined another asker's work may have more to pay for.
        """
        return self._paid.works.watched(("scores", policy), lambda: self._paying(policy))

    def _paying(self, policy: Policy) -> Steps[None, None]:
        self.search(policy)
        yield None
        yield from self._payer.scoring(policy)

    def retry(self) -> None:
        """Ask the rerankers again that failed for this asker."""
        with self._paid.claims.lock:
            self._paid.forgive(self.asker)

    def rewrite_again(self) -> None:
        """Let this asker's next run ask the chat model once more to rewrite the question. Until it has replied, others
        go on with what it said before."""
        with self._paid.claims.lock:
            self._paid.rewriting_again.add(self.asker)

    def without_reranking(self, policy: Policy) -> Trace:
        """The trace of the same policy in fused order. No reranker is asked."""
        return self.trace(policy.unranked)

    def answer(self, trace: Trace, chat: ChatAccess | None = None, chooser: str | None = None) -> Answer:
        """The answer to a trace of this question, made here and now unless somebody has made it.

        By the chat model where one is given, else sentences chosen as `Pipeline.answer` does. Raises GenerationError
        or ModelError where it cannot be made.
        """
        while (found := self.answered(trace, chat, chooser)) is None:
            finished(self._answerer(chat, chooser).steps(trace))
        return found

    def answered(self, trace: Trace, chat: ChatAccess | None = None, chooser: str | None = None) -> Answer | None:
        """The answer where it is made already, else None."""
        return self._answerer(chat, chooser).known(trace)

    def answering(
        self, trace: Trace, chat: ChatAccess | None = None, chooser: str | None = None
    ) -> AbstractContextManager[Work[str, None]]:
        """The answer made in the background, its text so far in `Work.said`; joined where it goes on already. It goes
        on when nobody watches, for it is paid for; `Work.stop` ends it."""
        answerer = self._answerer(chat, chooser)
        return self._paid.works.watched(answerer.key(trace), lambda: answerer.steps(trace), lasting=True)

    def what_if(self, policy: Policy, location: Location) -> WhatIf:
        """What would have kept the document under this policy: replays only, remembered until more is scored."""
        from rag_core.diagnosis import what_would_keep

        self.trace(policy)
        key = (policy, location.model_dump_json())
        return self._paid.remembered(key, self.asker, lambda known: what_would_keep(known, policy, location))

    def diagnosed(self, trace: Trace, location: Location) -> Diagnosis:
        """Where the expected document was lost in a trace of this question, and where it is past the ends of what the
        searches returned. What the engine says of that is remembered until more is scored."""
        from rag_core.diagnosis import diagnose
        from rag_core.diagnosis.past_dense import LOST_IN_SEARCH, past_dense, with_notes

        found, known = diagnose(trace, location), self.measurement
        if found.verdict not in LOST_IN_SEARCH or known is None:
            return found
        key = ("past dense", location.model_dump_json())
        past = self._paid.remembered(
            key, self.asker, lambda measured: past_dense(self.pipeline.engine, measured, location)
        )
        if past and past.unread:  # asked again next time
            with self._paid.claims.lock:
                self._paid.forget(key)
        return with_notes(found, known, trace, location, past)

    def settling(self, policy: Policy, location: Location) -> AbstractContextManager[Work[tuple[int, int], None]]:
        """Score, in the background, the pairs that leave settings open for `what_if`; says (done, of how many)."""
        key = ("settling", policy, location.model_dump_json())
        return self._paid.works.watched(key, lambda: self._payer.settling(policy, location))

    def _answerer(self, chat: ChatAccess | None, chooser: str | None) -> Answerer:
        return Answerer(self.pipeline, self._paid, chat, chooser)
