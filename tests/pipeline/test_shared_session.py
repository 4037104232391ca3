"""One question in several tabs: nobody pays twice, and nobody meets another one's half-done work as an error."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.session import QuerySession
from rag_core.schema.measurement import Rewriting
from rag_core.schema.policy import Policy, Rewrite
from tests.diagnosis.worlds import Passage, world
from tests.generation.chat_server import Script, chat_server

PASSAGES = [Passage("a", 0.9, words="refund"), Passage("b", 0.8, words="cancel"), Passage("c", 0.7)]
PLAIN, REWRITTEN = Policy(reranker="none"), Policy(reranker="none", rewrite=Rewrite(on=True))
PATIENCE_S = 60


class Writer:
    """A chat model that rewrites; from the second time on it replies only once it may."""

    def __init__(self) -> None:
        self.calls = 0
        self.asked, self.may_reply = threading.Event(), threading.Event()

    def __call__(self, query: str) -> Rewriting:
        self.calls += 1
        if self.calls > 1:
            self.asked.set()
            assert self.may_reply.wait(PATIENCE_S)
        return Rewriting(model="toy", queries=(f"other words {self.calls}",))


def session(rewriter: Writer | None = None) -> QuerySession:
    plain = world(*PASSAGES).pipeline
    return QuerySession(Pipeline(plain.engine, plain.embedder, rewriter=rewriter), "refund", asker="ana")


def test_two_tabs_that_ask_a_chat_model_at_once_pay_for_one_answer() -> None:
    script = Script(pause_s=0.3)
    with chat_server(script) as url, ThreadPoolExecutor(4) as pool:
        chat, mine = ChatAccess(config=ChatConfig(base_url=url, model="toy")), session()
        trace, together = mine.trace(PLAIN), threading.Barrier(4)

        def ask(asker: str) -> str:
            tab = mine.using(mine.pipeline, asker)
            together.wait(PATIENCE_S)
            return tab.answer(trace, chat).text

        said = [one.result(PATIENCE_S) for one in [pool.submit(ask, asker) for asker in ("ana", "ana", "ben", "eve")]]
    assert set(said) == {"Five days [1]."}
    assert len(script.requests) == 1


def test_while_one_has_the_question_rewritten_again_the_others_go_on_with_what_there_is() -> None:
    writer = Writer()
    ana = session(writer)
    ben = ana.using(ana.pipeline, "ben")
    first = ana.trace(REWRITTEN)
    ana.rewrite_again()
    with ThreadPoolExecutor(1) as pool:
        again = pool.submit(ana.trace, REWRITTEN)
        assert writer.asked.wait(PATIENCE_S)
        assert ben.trace(REWRITTEN).rewriting == first.rewriting
        writer.may_reply.set()
        assert again.result(PATIENCE_S).rewriting != first.rewriting
    assert ben.trace(REWRITTEN).rewriting == ana.trace(REWRITTEN).rewriting
    assert writer.calls == 2


def test_one_tabs_stop_ends_an_answer_only_where_no_other_waits_for_it() -> None:
    script = Script(pause_s=0.3)
    with chat_server(script) as url:
        chat, ana = ChatAccess(config=ChatConfig(base_url=url, model="toy")), session()
        ben, trace = ana.using(ana.pipeline, "ben"), ana.trace(PLAIN)
        with ben.answering(trace, chat) as waited:
            with ana.answering(trace, chat) as stopped:
                stopped.end_unwatched()
            assert stopped is waited
            waited.result()
        found = ben.answered(trace, chat)
        assert found is not None and found.text == "Five days [1]."
    assert len(script.requests) == 1
