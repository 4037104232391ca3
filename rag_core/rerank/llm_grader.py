"""A chat model as a reranker: it is asked for a grade from 0 to 10 of each passage. One adapter, two ways.

    llm:pointwise:<model>@<server>    one passage a request: grades do not depend on what else is in the pool
    llm:windows:<model>@<server>      ten passages a request: a tenth of the requests, and the model compares them; what
                                      their company does to a grade is kept as the pair's score all the same

Scores are grades a tenth their size, 0..1, in the space `grade`: the model's opinion, not a probability, and full of
ties. A true listwise ranking (RankGPT, arXiv:2304.09542) gives places in one list, not scores of pairs: they could be
neither kept for another pool nor cut by a threshold, so that is not offered.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date

from rag_core.errors import BadInput, GenerationError, MissingPackage, ModelError
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.generation.chat.client import Completion, complete
from rag_core.inference.tokenizer import encodable
from rag_core.rerank.base import Scored
from rag_core.rerank.entry import Entry
from rag_core.rerank.grading import BEST, READ, VERSION, messages, read_grades
from rag_core.rerank.hosted.connection import open_client
from rag_core.rerank.hosted.http import RetryPolicy
from rag_core.rerank.hosted.identity import BEFORE_SCORING_S, DATE, ModelWatch, ServedModel, ask, of_month, today
from rag_core.rerank.hosted.provider import CHAT_MODELS
from rag_core.rerank.kinds import RerankerSpec
from rag_core.rerank.metering import carried
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore

PREFIX = "llm:"
WAYS = {"pointwise": 1, "windows": 10}
"""Passages a request, by way."""

CONCURRENCY = 4
"""Requests under way at once."""


def keys_of(chat: ChatAccess | None) -> list[str]:
    """The keys that this chat model has as a reranker; without one, what the ways are called."""
    if chat is None:
        return [f"{PREFIX}{way}" for way in WAYS]
    return [f"{PREFIX}{way}:{_name(chat.config)}" for way in WAYS]


def describe(key: str) -> Entry:
    """The entry of `llm:<way>:<model>@<server>`, or of `llm:<way>` while no chat model is set up."""
    way, _, name = key.removeprefix(PREFIX).partition(":")
    model = name.partition("@")[0]
    each = "passage by passage" if WAYS[way] == 1 else f"{WAYS[way]} passages at a time"
    return Entry(
        key=key,
        label=f"{model or 'Language model'}, {each}",
        kind="language model",
        model=model,
        space=ScoreSpace.GRADE,
        needs="chat",
        note="The chat model grades every passage from 0 to 10. Slow, and billed by the token if the model is.",
    )


def _name(config: ChatConfig) -> str:
    """Model and server, short; the address and the settings that change a grade are in the digest."""
    exact = hashlib.sha256(f"{config.base_url} {config.model} {config.temperature}".encode()).hexdigest()[:8]
    return f"{config.model}@{config.server}/{exact}"


class LanguageModelReranker:
    """A chat model that grades passages (the `Reranker` protocol). Holds a caller's key: not to be shared.

    Tokens are the server's own counts. `slice_size` is how many passages a round of concurrent requests takes.
    """

    space = ScoreSpace.GRADE
    runs_on = ""
    slice_size: int

    def __init__(
        self,
        chat: ChatAccess,
        way: str = "pointwise",
        clock: Callable[[], float] = time.monotonic,
        day: Callable[[], date] = today,
    ) -> None:
        self._chat = chat
        self._day = day
        self._watch = ModelWatch(lambda: _served(chat), clock)
        self._window = WAYS[way]
        self.slice_size = CONCURRENCY * max(self._window, CONCURRENCY)
        self._way = way
        self._load_ms = 0.0

    @classmethod
    def from_spec(cls, spec: RerankerSpec) -> LanguageModelReranker:
        """The reranker of `llm:<way>:<model>@<server>`, by the caller's chat model."""
        return cls.named(spec.key, spec.chat)

    @classmethod
    def named(cls, key: str, chat: ChatAccess | None) -> LanguageModelReranker:
        """The reranker of that key. Raises BadInput where the caller's chat model is not the one that the key names."""
        way, _, _ = key.removeprefix(PREFIX).partition(":")
        if chat is None or key not in keys_of(chat):
            raise BadInput(
                f"The chat model of the reranker {key} is not set up in this session. "
                "Set it up in the sidebar (Chat model), or choose another reranker."
            )
        return cls(chat, way)

    @property
    def model(self) -> str:
        """`llm/<way>/<prompt version>/<model>@<server>/<digest of address and settings> (<what the server runs>)`.

        Never holds the key. A model without a date in its name and without a revision counts for the calendar month.
        """
        served = self._watch.served()
        name = (
            of_month(served.model, self._day(), DATE)
            if served.model and not served.revision
            else self._watch.identity()
        )
        return f"llm/{self._way}/{VERSION}/{_name(self._chat.config)} ({name})"

    @property
    def identified(self) -> bool:
        """Whether the server says which model it runs."""
        return bool(self._watch.served().model)

    @property
    def load_ms(self) -> float:
        """What importing the client took, in milliseconds; 0 before."""
        return self._load_ms

    def load(self) -> None:
        """Import the client, and ask the server what it runs now. Sends no text. Raises MissingPackage."""
        begin = time.perf_counter()
        try:
            import openai  # noqa: F401 - so that its import is not counted as scoring
        except ImportError as exc:
            raise MissingPackage("openai", "A language model as reranker") from exc
        self._load_ms = self._load_ms or (time.perf_counter() - begin) * 1000
        self._watch.served(BEFORE_SCORING_S)

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """Grades as shares of 10, in the passages' order; equal passages are asked about once. Raises ModelError."""
        texts = list(dict.fromkeys(encodable(passage) for passage in passages))
        windows = [texts[start : start + self._window] for start in range(0, len(texts), self._window)]
        grades: dict[str, float] = {}
        tokens = 0
        with ThreadPoolExecutor(max_workers=CONCURRENCY) as pool:
            running = {pool.submit(carried(self._ask), encodable(query), window): window for window in windows}
            try:
                for future in as_completed(running):
                    found, reply = future.result()
                    grades |= dict(zip(running[future], found, strict=True))
                    tokens += (reply.prompt_tokens or 0) + (reply.completion_tokens or 0)
                    if progress:
                        progress(sum(encodable(one) in grades for one in passages), len(passages))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # what has not been sent is not sent any more
                raise
        pairs = tuple(_pair(grades[encodable(passage)] / BEST, passage) for passage in passages)
        return Scored(pairs=pairs, tokens=tokens, batches=len(windows))

    def _ask(self, query: str, window: Sequence[str]) -> tuple[list[float], Completion]:
        """The grades of one request's passages, and the reply that held them."""
        try:
            reply = complete(self._chat, messages(query, window))
        except GenerationError as exc:
            self._watch.doubt()
            raise ModelError(str(exc)) from None
        if reply.finish == "length":
            limit = self._chat.config.max_tokens
            raise ModelError(f"The grades were cut at {limit} tokens. Raise the chat model's longest answer.")
        return read_grades(reply.text, len(window), self._chat.config.model), reply


def _served(chat: ChatAccess) -> ServedModel:
    """What the chat server runs. Raises ServerUnreachable or MissingPackage."""
    headers = {"Authorization": f"Bearer {chat.key.get_secret_value()}"} if chat.key else {}
    with open_client(RetryPolicy()) as client:
        return ask(client, chat.config.base_url, (CHAT_MODELS,), headers, chat.config.model)


def _pair(score: float, passage: str) -> PairScore:
    """The grade; of a passage that was cut, the words that were not sent stand for the tokens."""
    cut = passage[READ:]
    return PairScore(score=score, unseen_tokens=len(cut.split()), seen_chars=READ if cut else None)
