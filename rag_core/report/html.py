"""A whole run as one HTML file that a support ticket can carry: opens alone from disk, holds no script, loads nothing.

The frame of the file, and what keeps it harmless, is `page`'s.
"""

from __future__ import annotations

import json

import pandas as pd

from rag_core.analysis.latency import bars, duration, step_time, time_text
from rag_core.analysis.run_tables import candidates, lanes, movement, score_places, share_table
from rag_core.generation.grounding_words import finding, summary
from rag_core.report import svg
from rag_core.report.escaped import emphasised
from rag_core.report.page import escape, page, section, table
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import not_rewritten
from rag_core.wording.headline import closest, first_pass, whole_headline
from rag_core.wording.latency_bars import bar_label, bar_note
from rag_core.wording.numbers import document_of, score_text, size_text, title_of, titles_of
from rag_core.wording.outcomes import outcome_text
from rag_core.wording.run_captions import (
    QUOTED,
    answer_cost,
    latency_caption,
    movement_caption,
    rewritten_by,
    score_caption,
)
from rag_core.wording.step_names import label_in


def html_report(trace: Trace) -> str:
    """The report of a run, its answer included where the trace has one."""
    parts = [
        f"<h1>{escape(trace.query)}</h1>",
        f'<p class="lead">{escape(whole_headline(trace))}</p>',
        answer_section(trace),
        _facts(trace),
        _warnings(trace),
        _steps(trace),
        _searches(trace),
        _drawing("Rank movement", movement_caption(trace), svg.rank_lines(movement(trace))),
        _drawing("Sorted scores", score_caption(trace), _dots(trace)),
        _drawing("Where the time went", latency_caption(trace), svg.time_bars(lanes(trace)), _times(trace)),
        _candidates(trace),
        _passages(trace),
        _policy(trace),
    ]
    return page(trace.query, parts)


def _drawing(title: str, sentence: str, drawn: str, more: str = "") -> str:
    return section(title, f"<figure><figcaption>{escape(sentence)}</figcaption>{drawn}</figure>{more}")


def answer_section(trace: Trace) -> str:
    """The answer with its citations and checks; empty where the trace has none."""
    answer = trace.recorded_answer
    if answer is None:
        return ""
    text = emphasised(escape(answer.text)).replace("\n", "<br>")
    cited = [[f"[{one.number}]", title_of(trace.passages[one.passage_id]), one.quote] for one in answer.citations]
    took = f" · {answer_cost(answer)}" if answer.prompt else ""
    near = f'<p class="note">{escape(closest(trace))}</p>' if closest(trace) else ""
    by_model = f"{answer.model}{took}"
    made = {"chat": f"chat · {by_model}", "extractive": QUOTED, "unknown": by_model}[answer.kind]
    kind = near + (f'<p class="note">{escape(made)}</p>' if made else "")
    checks = [[answer.text[one.start : one.end], finding(one)] for one in answer.checks]
    checked = f'<p class="note">{escape(summary(answer))}</p>{table(checks, ["Sentence", "Check"])}' if checks else ""
    thought = f'<p class="note">The model\'s reasoning, no part of the answer: {escape(answer.reasoning)}</p>'
    reasoning = thought if answer.reasoning else ""
    return section("Answer", f"<p>{text}</p>{kind}{table(cited) if cited else ''}{checked}{reasoning}")


def _facts(trace: Trace) -> str:
    report = trace.rerank
    rows = [
        ["Measured", f"{trace.measured_at:%Y-%m-%d %H:%M:%S} UTC"],
        ["Collection", _collection(trace)],
        ["Filter", str(trace.where) if trace.where else "none"],
        *([["First pass", first_pass(trace)]] if trace.first_pass_summary else []),
        ["Bi-encoder", trace.collection.embedding_model],
        ["Reranker", f"{report.name}: {report.status}{f' ({report.reason})' if report.reason else ''}"],
        ["Reranker's model", report.model or "none"],
        *([["Computed by", report.runs_on]] if report.runs_on else []),
        ["Pairs", f"{report.pairs_scored} scored, {report.pairs_cached} from the cache, {report.passages_cut} cut"],
        ["Time before the answer", time_text(trace.took)],
    ]
    return section("Run", table(rows))


def _collection(trace: Trace) -> str:
    one = trace.collection
    return f"{one.name}: {size_text(one)}, fingerprint {one.fingerprint[:12]}"


def _warnings(trace: Trace) -> str:
    rows = [[label_in(trace, step.name), warning.message] for step in trace.steps for warning in step.warnings]
    rows += [
        [f"Extra search {run.name}", warning.message]
        for run in trace.extra_searches
        for step in run.steps
        for warning in step.warnings
    ]
    if trace.rewriting and trace.rewriting.failure:
        rows.append(["Rewriting", not_rewritten(trace.rewriting.failure)])
    return section("Notes", table(rows) if rows else "")


def _steps(trace: Trace) -> str:
    rows = [[label_in(trace, one.name), one.hits_in, len(one.hits), one.space, step_time(one)] for one in trace.steps]
    return section("Steps", table(rows, ["Step", "In", "Out", "Score space", "Time"]))


def _searches(trace: Trace) -> str:
    """What each search brought, where there are extra ones."""
    if not trace.extra_searches:
        return ""
    frame = share_table(trace)
    wrote = f'<p class="note">{escape(rewritten_by(trace.rewriting))}</p>' if trace.rewriting else ""
    return section("Searches", wrote + table(list(frame.itertuples(index=False)), list(frame.columns)))


def _dots(trace: Trace) -> str:
    return svg.score_dots(score_places(trace), trace.lowest_kept)


def _times(trace: Trace) -> str:
    loads = [[bar_label(bar), duration(bar.took_ms), bar_note(bar)] for bar in bars(trace) if bar.kind == "load"]
    return table(loads) if loads else ""


def _candidates(trace: Trace) -> str:
    frame = candidates(trace)
    if frame.empty:
        return ""
    hidden = {"text", "heading", "passage_id"} | (set() if trace.extra_searches else {"found_by"})
    names = [name for name in frame.columns if name not in hidden]
    rows = [[_cell(value) for value in row] for row in frame[names].itertuples(index=False)]
    heads = [name.replace("_", " ") for name in names]
    return section("Candidates", f'<div class="wide">{table(rows, heads)}</div>')


def _cell(value: object) -> object:
    if pd.isna(value):  # type: ignore[call-overload]
        return ""
    return f"{value:.4g}" if isinstance(value, float) else value


def _passages(trace: Trace) -> str:
    """The kept passages in the open, the other reranked ones folded away."""
    adjusted = [hit.passage_id for hit in trace.final_step.hits]
    titles = titles_of(trace.passages[passage_id] for passage_id in adjusted)
    parts = []
    for passage_id in adjusted:
        passage = trace.passages[passage_id]
        shown = score_text(trace.relevance[passage_id], trace.relevance_space)
        outcome = outcome_text(trace, trace.outcome(passage_id))
        facts = " · ".join(map(escape, filter(None, (document_of(passage), shown, outcome))))
        name = f"{escape(titles[passage_id])} <small>{facts}</small>"
        text = f'<p class="note">{escape(passage.heading)}</p><div class="passage">{escape(passage.text)}</div>'
        opened = " open" if passage_id in trace.kept_step.by_passage else ""
        parts.append(f"<details{opened}><summary>{name}</summary>{text}</details>")
    return section("Passages", "".join(parts))


def _policy(trace: Trace) -> str:
    told = json.dumps(json.loads(trace.policy.model_dump_json()), indent=2)
    return section("Settings", f"<details><summary>All settings</summary><pre>{escape(told)}</pre></details>")
