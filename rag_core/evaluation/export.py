"""A report as Markdown for people, as CSV for spreadsheets, and as TREC files for every other tool."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence

from rag_core.evaluation.board import board
from rag_core.evaluation.compare import Comparison
from rag_core.evaluation.pools import Pools
from rag_core.evaluation.report import HEADLINE, Report
from rag_core.evaluation.runs import write_qrels, write_run
from rag_core.evaluation.sets import LabelledSet
from rag_core.schema.policy import SIGNAL_NAMES, Policy
from rag_core.storage.spreadsheet import csv_text
from rag_core.wording.first_pass import first_pass_text
from rag_core.wording.metric_changes import NO_INTERVAL, comparison_sentence, headroom_sentence, interval_text
from rag_core.wording.numbers import count_of, size_text, threshold_text

MOST_HARMED = 10


def to_markdown(report: Report) -> str:
    """Headline, a table of every step, the comparison, the split of the loss, groups, harmed queries, notices."""
    parts = [
        f"# {report.set_name}: {report.before} against {report.after}",
        _about(report),
        "\n".join(
            [
                *(f"- **{name}**: {_headline(report.comparisons[name])}" for name in HEADLINE),
                *(f"- **{name}, kept for the answer**: {_headline(found)}" for name, found in report.answered.items()),
            ]
        ),
        _table(["step", *report.metrics], [_stage_row(report, step) for step in report.steps]),
        headroom_sentence(report.headroom) if report.headroom else "",
        *(_group(field, groups) for field, groups in report.groups.items()),
        _harmed(report),
        "\n".join(f"- {one}" for one in report.notices),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def queries_csv(report: Report) -> str:
    """A row per judged query: id, text, then `<step> <metric>` for every step and metric."""
    columns = [(step, metric) for step in report.steps for metric in report.metrics]
    rows = [
        [query_id, text, *(report.values[step][metric].get(query_id) for step, metric in columns)]
        for query_id, text in report.texts.items()
    ]
    return csv_text(["query_id", "query", *(f"{step} {metric}" for step, metric in columns)], rows)


def queries_jsonl(texts: Iterable[str]) -> str:
    """A file of queries as BEIR has it, for grades to be added: a line each, `_id` (by its text) and `text`."""
    rows = [{"_id": hashlib.sha256(text.encode()).hexdigest()[:12], "text": text} for text in texts]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def to_trec(labelled: LabelledSet, rankings: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, str]:
    """File name -> content: `qrels.trec` and `<step>.run`, for ir_measures' or trec_eval's own command.

    A step whose name is no file name, as that of an extra search may be, has its place in front: `3-acme-GmbH-dense`.
    """
    files = {"qrels.trec": write_qrels(labelled)}
    for place, (step, ranking) in enumerate(rankings.items(), start=1):
        plain = re.sub(r"[^\w-]+", "-", step)
        name = step if plain == step else f"{place}-{plain}"
        files[f"{name}.run"] = write_run(ranking, f"second-pass-{name}")
    return files


def curves_csv(pools: Pools, policy: Policy, metric: str) -> str:
    """Every curve in long form: setting, value, metric before and after reranking, pairs without a score."""
    curves = board(pools, policy, metric).curves.values()
    rows = [
        [curve.setting, point.at, point.fused, point.final, point.unscored]
        for curve in curves
        for point in curve.points
    ]
    return csv_text(["setting", "value", f"fused {metric}", f"final {metric}", "unscored pairs"], rows)


def _about(report: Report) -> str:
    told = f"{count_of(report.judged, 'labelled question')}, {count_of(report.judgments, 'grade')}"
    if report.unanswerable:
        told += f", {report.unanswerable} queries that nothing answers"
    if report.collection:
        told += f"; {report.collection.name}: {size_text(report.collection)}"
    if report.where:
        told += f"; only passages with {report.where}"
    if report.policy:
        told += f"; reranker {report.policy.reranker}, pool {report.policy.pool}, depth {report.policy.depth}"
        lowest, space = report.policy.threshold.minimum, report.policy.threshold.space
        told += f", {'no threshold' if lowest is None else f'threshold {space} {threshold_text(lowest)}'}"
        told += f", top-k {report.policy.top_k}"
        told += "".join(f"; extra search {one}" for one in report.policy.extra_searches)
        if first_pass := report.policy.first_pass:
            told += f"; first pass {first_pass_text(first_pass)}"
        if (signals := report.policy.signals).on:
            told += "; signals " + ", ".join(f"{name} {getattr(signals, name):g}" for name in SIGNAL_NAMES)
    return f"{told}."


def _headline(found: Comparison) -> str:
    return (
        f"{found.before:.3f} → {found.after:.3f}. {comparison_sentence(found)} p = {found.p_value:.3g}; "
        f"{found.wins} better, {found.ties} equal, {found.losses} worse."
    )


def _stage_row(report: Report, step: str) -> list[str]:
    return [step, *(f"{report.mean(step, metric):.4f}" for metric in report.metrics)]


def _group(field: str, groups: Mapping[str, Comparison]) -> str:
    head = [field, "queries", f"{HEADLINE[-1]} before", "after", "change", "95% interval", "better / equal / worse"]
    rows = [
        [
            name,
            str(one.queries),
            f"{one.before:.3f}",
            f"{one.after:.3f}",
            f"{one.difference:+.3f}",
            interval_text(one),
            f"{one.wins} / {one.ties} / {one.losses}",
        ]
        for name, one in groups.items()
    ]
    why = "" if all(one.bounded for one in groups.values()) else f"\n\n{NO_INTERVAL}"
    return f"## By {field}\n\n{_table(head, rows)}{why}"


def _harmed(report: Report) -> str:
    metric = HEADLINE[-1]
    harmed = [(one, change) for one, change in report.changes(metric) if change < 0][:MOST_HARMED]
    rows = [[one, f"{change:+.3f}", report.texts.get(one, "")] for one, change in harmed]
    return f"## Questions that lost most\n\n{_table(['query', f'{metric} change', 'text'], rows)}" if rows else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *(line(row) for row in rows)])
