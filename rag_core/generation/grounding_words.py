"""The checks of an answer's sentences in plain words: never "false", only what was and was not found, and where."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.schema.answers import Answer, SentenceCheck

UNCALIBRATED = "nobody has calibrated this embedding model"


def summary(answer: Answer) -> str:
    """How many sentences were found where they say; empty for an answer that was not checked."""
    if not answer.checks:
        return ""
    verdicts = ("not found", "uncited", "not calibrated")
    count = {verdict: sum(one.verdict == verdict for one in answer.checks) for verdict in verdicts}
    total = len(answer.checks)
    found = total - sum(count.values())
    said = f"{found} of {total} {'sentence' if total == 1 else 'sentences'} found in the passages that they cite"
    missing = [f"{count['not found']} not found there"] if count["not found"] else []
    silent = [f"{count['uncited']} without a citation"] if count["uncited"] else []
    if count["not calibrated"]:
        unjudged = f"{count['not calibrated']} of {total} not compared by likeness: {UNCALIBRATED}"
        return f"{'; '.join([unjudged, *missing, *silent])}. Figures and codes were compared: a hint, not a proof."
    return f"{'; '.join([said, *missing, *silent])}. Compared by likeness and by figures: a hint, not a proof."


def tag(check: SentenceCheck) -> str:
    """What stands behind a doubtful sentence: `not found in [2]`, `no citation`; else empty."""
    tags = {
        "found": "",
        "not found": f"not found in {_numbers(check.cited)}",
        "uncited": "no citation",
        "not calibrated": "",
    }
    return tags[check.verdict]


def finding(check: SentenceCheck) -> str:
    """One sentence's verdict, the figures that are missing, and the sentence most like it, in words."""
    cited = f"{'passage' if len(check.cited) == 1 else 'passages'} {_numbers(check.cited)}"
    verdicts = {
        "found": f"Found in {_numbers(check.cited)}",
        "not found": f"Not found in the cited {cited}",
        "uncited": "Cites no passage",
        "not calibrated": f"Not compared by likeness to {_numbers(check.cited)}: {UNCALIBRATED}",
    }
    where = "any passage that was given" if check.verdict == "uncited" else "it"
    absent = f"; {', '.join(check.absent)} {'does' if len(check.absent) == 1 else 'do'} not appear in {where}"
    near = f" Closest, [{check.number}]: “{' '.join(check.quote.split())}” (cosine {check.score:.2f})."
    return f"{verdicts[check.verdict]}{absent if check.absent else ''}.{near if check.number else ''}"


def doubtful(answer: Answer) -> list[SentenceCheck]:
    """The sentences that a person should look at."""
    return [one for one in answer.checks if one.verdict in ("not found", "uncited")]


def _numbers(cited: Sequence[int]) -> str:
    return "".join(f"[{number}]" for number in cited)
