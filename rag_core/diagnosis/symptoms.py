"""The facts of one run that the decision table asks for, read from its trace."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.passage_ranks import LAST, PassageRanks, furthest_passage
from rag_core.diagnosis.rules import Symptoms
from rag_core.diagnosis.verdicts import Diagnosis, Verdict
from rag_core.retrieval.tokenize import tokenize
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace


def symptoms(trace: Trace, location: Location, diagnosis: Diagnosis, others: Sequence[Verdict] = ()) -> Symptoms:
    """The facts of a run. `others`: verdicts of other questions that expect the same document."""
    standing = furthest_passage(trace, location) if location.passages else None
    lost = {verdict.lost for verdict in (diagnosis.verdict, *others)}
    return Symptoms(
        verdict=diagnosis.verdict,
        fused_rank=standing.rank(StepName.FUSED) if standing else LAST,
        final_rank=standing.rank(StepName.ADJUSTED) if standing else LAST,
        code_missed=bool(standing and _code_missed(standing)),
        kept_count=len(trace.kept_step.hits),
        varies=len(lost) == 2,
        quoted=trace.recorded_answer is not None and trace.recorded_answer.kind == "extractive",
    )


def _code_missed(standing: PassageRanks) -> bool:
    shared = codes(standing.trace.query) & set(tokenize(standing.passage.model_text))
    return bool(shared) and not standing.pooled


def codes(query: str) -> set[str]:
    """The query's codes and identifiers, as the lexical search counts them: `KB-ERR-2847`, `v2.13.0`, `ERR_TLS`.

    A code is a word with a digit and a letter or a joint in it, or one written in capitals with a joint.
    """
    words = [word.strip(".,;:!?()[]“”\"'") for word in query.split()]
    kept = [w for w in words if _DIGIT_CODE.fullmatch(w) or _CAPITAL_CODE.fullmatch(w)]
    return {tokens[0] for word in kept if (tokens := tokenize(word))}


_DIGIT_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d]|\d+[-_.]\d).+")
_CAPITAL_CODE = re.compile(r"[A-Z0-9]+(?:[-_][A-Z0-9]+)+")
