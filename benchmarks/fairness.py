"""Whether several users who ask at once each get their share: python -m benchmarks.fairness [--users 8] [--questions 5]

Over the sample corpus, on the default settings, nothing cached, through `QuerySession`, as the pages ask: first one
user alone, then so many at once, each with questions that nobody else asks, one after the other. Fair on any number of
cores is: the 95th percentile is at most so many times the median of one user alone, plus 20 %; and the slowest user
waits little longer than the fastest. Processor seconds by question, alone and together, show what sharing costs; they
hold on a busy machine, too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.first_answer import sample_questions, spread
from rag_core.corpus.sample import SAMPLE, ensure_sample
from rag_core.corpus.storage.library import Library
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.session import QuerySession
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.schema.policy import Policy
from rag_core.settings import Settings

ALLOWANCE = 1.2


def main() -> None:
    """Index the sample, ask alone, ask together, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--questions", type=int, default=5, help="of each user")
    args = parser.parse_args()
    asked = spread(sample_questions(), args.users * args.questions + args.questions + 1)
    with tempfile.TemporaryDirectory() as folder:
        embedder, library = get_embedder(), Library(Path(folder))
        ensure_sample(library, Settings().sample_dir, embedder)
        pipeline = Pipeline(library.open(SAMPLE, embedder), embedder)
        ask(pipeline, asked.pop())
        alone, left = asked[: args.questions], asked[args.questions :]
        begin = time.process_time()
        single = [ask(pipeline, question) for question in alone]
        between = time.process_time()
        users = together(pipeline, [left[number :: args.users] for number in range(args.users)])
        cost = (between - begin) / len(single), (time.process_time() - between) / sum(map(len, users))
    for line in report(single, users, cost):
        print(line)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


def ask(pipeline: Pipeline, question: str) -> float:
    """Seconds until the question's final order, searched and scored as a page does it."""
    session, policy, begin = QuerySession(pipeline, question), Policy(), time.perf_counter()
    session.search(policy)
    with session.scoring(policy) as work:
        for _ in work.changes():
            pass
    work.result()
    if session.replayed(policy) is None:
        raise SystemExit(f"“{question}” has no final order.")
    return time.perf_counter() - begin


def together(pipeline: Pipeline, asked: Sequence[Sequence[str]]) -> list[list[float]]:
    """Seconds of every question of each user; all begin at the same time."""
    start = threading.Barrier(len(asked))
    took: list[list[float]] = [[] for _ in asked]

    def user(number: int) -> None:
        start.wait()
        took[number].extend(ask(pipeline, question) for question in asked[number])

    threads = [threading.Thread(target=user, args=(number,)) for number in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def report(single: Sequence[float], users: Sequence[Sequence[float]], cost: tuple[float, float]) -> list[str]:
    """Alone and together, the aim, how far the users lie apart."""
    alone, times = statistics.median(single), sorted(one for user in users for one in user)
    slow, most = times[int(0.95 * (len(times) - 1))], len(users) * alone * ALLOWANCE
    means = sorted(statistics.mean(user) for user in users)
    return [
        f"one user alone: p50 {alone * 1000:.0f} ms of {len(single)} questions",
        f"{len(users)} users at once: p50 {statistics.median(times) * 1000:.0f} ms, p95 {slow * 1000:.0f} ms, slowest "
        f"{times[-1] * 1000:.0f} ms of {len(times)} questions",
        f"at most {len(users)} times one user's p50 plus 20 % = {most * 1000:.0f} ms: "
        f"{'met' if slow <= most else 'missed'}",
        f"the slowest user waited {means[-1] / means[0]:.2f} times as long as the fastest, on average",
        f"processor seconds a question: {cost[0]:.2f} alone, {cost[1]:.2f} together",
    ]


if __name__ == "__main__":
    main()
