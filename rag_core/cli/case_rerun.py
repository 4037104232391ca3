"""`triage --case`: a saved case again with the settings of the options, on its own collection or on one you name."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from typing import Any

from rag_core.cli.documents import library
from rag_core.cli.questions import collection_from, is_given, pipeline_over, policy_from, saying_what_is_left
from rag_core.diagnosis import Verdict
from rag_core.errors import BadInput
from rag_core.pipeline.session import QuerySession
from rag_core.report.verdict_text import WIDTH, table, verdict_text
from rag_core.rerank.catalogue import get_reranker
from rag_core.retrieval.engines.every_index import every_index
from rag_core.schema.documents import CollectionRef
from rag_core.settings import Settings
from rag_core.storage.database import Store
from rag_core.triage import Case, CaseBook, Rerun, RunScorer, differences, rerun, rerun_recorded
from rag_core.wording.elsewhere import elsewhere_text
from rag_core.wording.verdicts import VERDICT_LABELS, sentence

NOT_BESIDE = ("question", "file", "run_id", "retriever", "expect", "quote", "where")
"""What a case says itself."""


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option that names the case."""
    parser.add_argument(
        "--case", metavar="ID",
        help="run a saved case again, by its id or the beginning of it (in the link to it): on its own collection, or "
        "on the one that --collection or --index names",
    )  # fmt: skip


def run_case(given: argparse.Namespace) -> int:
    """Run it, keep the re-run, print; 0 where every expected document is kept. Raises BadInput where it cannot be."""
    if too_many := [one for one in NOT_BESIDE if is_given(getattr(given, one)) and getattr(given, one) != ""]:
        raise BadInput(f"A case has its own question, document and filter. Leave out: {', '.join(too_many)}.")
    settings = Settings()
    book = CaseBook(Store.from_settings(settings))
    case = _case(book, given.case)
    found = _again(case, given, settings)
    book.add_rerun(found)
    if found.trace is None:
        raise BadInput(" ".join(filter(None, [elsewhere_text(case, found), found.error])))
    shown = json.dumps(facts(case, found), indent=2, ensure_ascii=False) if given.json else told(case, found)
    sys.stdout.write(f"{shown}\n")
    return 0 if found.verdict is Verdict.KEPT else 1


def facts(case: Case, found: Rerun) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "case": case.id,
        "query": case.query,
        "outcome": found.outcome,
        "saved_on": case.trace.collection.name,
        "collection": found.trace.collection.name if found.trace else None,
        "elsewhere": elsewhere_text(case, found),
        "verdict_then": case.verdict,
        "verdict": found.verdict,
        "sentences": [sentence(one.diagnosis) for one in found.findings],
        "differences": [one.model_dump() for one in differences(case.trace, found.trace)] if found.trace else [],
    }


def told(case: Case, found: Rerun) -> str:
    """The outcome, where it ran, the verdict on each expected document, and what is not the same as then."""
    parts = [textwrap.fill(f"“{case.query}”: {found.outcome}. Then: {VERDICT_LABELS[case.verdict]}.", WIDTH)]
    if where := elsewhere_text(case, found):
        parts.append(textwrap.fill(where, WIDTH))
    parts += [verdict_text(one.diagnosis) for one in found.findings]
    if found.trace and (changed := differences(case.trace, found.trace)):
        parts.append(table([("not the same", "then", "now"), *((one.what, one.then, one.now) for one in changed)]))
    return "\n\n".join(parts)


def _case(book: CaseBook, case_id: str) -> Case:
    """The case of that id, or the only one whose id begins so."""
    ids = [one.id for one in book.find().found if case_id and one.id.startswith(case_id)]
    if len(ids) > 1:
        raise BadInput(f"The ids of {len(ids)} cases begin with {case_id}. Give more of it.")
    if not ids:
        raise BadInput(f"There is no case {case_id} in this database. Its id is in the link to it, on the Triage page.")
    return book.get(ids[0])


def _again(case: Case, given: argparse.Namespace, settings: Settings) -> Rerun:
    named = given.folder or given.collection or given.index is not None
    if case.recorded:
        if named:
            raise BadInput("This case is of a recorded run, which is replayed: no collection is searched.")
        return rerun_recorded(case, policy_from(given), RunScorer(get_reranker))
    if not named:
        given.collection, given.index = _own(case.trace.collection, settings)
    policy = policy_from(given)
    with saying_what_is_left(given):
        collection = collection_from(given, settings)
        question = QuerySession(pipeline_over(collection, settings), case.query, case.trace.where)
        return rerun(case, question, collection, policy, elsewhere=bool(named))


def _own(ref: CollectionRef, settings: Settings) -> tuple[str | None, str | None]:
    """The names for --collection and --index that mean the case's own. Raises BadInput where it is not here."""
    kept = library(settings)
    for name in kept.names():
        if ref.same_as(kept.manifest(name).ref):
            return name, None
    for name, index in every_index(settings)[0].items():
        if index.config.identity == ref.id:
            return None, name
    raise BadInput(
        f"The collection “{ref.name}” that this case was saved on is not here. Name the one to run it on: --collection "
        "NAME, or --index NAME."
    )
