"""Which kind of fix fits the symptom: a table as data. A rule applies where all its conditions hold.

The table does not look for settings; `counterfactuals` does.
"""

from __future__ import annotations

from typing import Literal

from rag_core.diagnosis.rules import Condition, Fix, Rule, Symptoms
from rag_core.diagnosis.verdicts import Verdict

_MISSED = (
    Verdict.MISSED_BY_BOTH,
    Verdict.MISSED_BY_DENSE,
    Verdict.MISSED_BY_LEXICAL,
    Verdict.MISSED,
    Verdict.FUSED_OUT,
)
_RANKED_TOO_LOW = (Verdict.DEMOTED, Verdict.CUT_BY_TOP_K, Verdict.NOT_SELECTED, Verdict.UNDER_THRESHOLD, *_MISSED)


def _verdict(*verdicts: Verdict) -> Condition:
    return Condition(symptom="verdict", compare="is one of", value=verdicts)


def _rank(symptom: str, compare: Literal["at most", "more than"], value: int) -> Condition:
    return Condition(symptom=symptom, compare=compare, value=value)


def _quoted(value: bool) -> Condition:
    return Condition(symptom="quoted", compare="is", value=value)


RULES = (
    Rule(
        name="top-50-not-top-5",
        symptom="In the top 50, not in the top 5",
        when=(_verdict(*_RANKED_TOO_LOW), _rank("fused_rank", "at most", 50), _rank("final_rank", "more than", 5)),
        fix=Fix.RERANKER,
        advice="The searches find it but rank it too low. Rerank a pool that contains it, or try another reranker.",
    ),
    Rule(
        name="not-top-50",
        symptom="Not in the top 50 at all",
        when=(_verdict(*_MISSED), _rank("fused_rank", "more than", 50)),
        fix=Fix.SEARCH,
        advice="A reranker sees only what the searches find. Try other embeddings, both searches together, or smaller "
        "passages.",
    ),
    Rule(
        name="codes-missed",
        symptom="Codes and IDs are missed",
        when=(_verdict(*_MISSED), Condition(symptom="code_missed", compare="is", value=True)),
        fix=Fix.LEXICAL,
        advice="The question names a code that is in the passage. Embeddings blur codes; give lexical search "
        "more weight.",
    ),
    Rule(
        name="too-many-candidates",
        symptom="Too many candidates confuse the LLM",
        when=(_verdict(Verdict.NOT_CITED), _quoted(False), _rank("kept_count", "more than", 3)),
        fix=Fix.SMALLER_TOP_K,
        advice="The passage was given and not used. Give fewer passages.",
    ),
    Rule(
        name="varies-between-users",
        symptom="Quality varies between users",
        when=(Condition(symptom="varies", compare="is", value=True),),
        fix=Fix.REWRITING,
        advice="Asked in other words, the question keeps the document. Give passages more context, or rewrite the "
        "question.",
    ),
    Rule(
        name="not-in-corpus",
        symptom="The document is not in the collection",
        when=(_verdict(Verdict.NOT_IN_CORPUS),),
        fix=Fix.DOCUMENTS,
        advice="Add the document, or check whether it has another title.",
    ),
    Rule(
        name="filtered-out",
        symptom="The filter leaves the document out",
        when=(_verdict(Verdict.FILTERED_OUT),),
        fix=Fix.FILTER,
        advice="Widen the question's filter, or correct the document's metadata.",
    ),
    Rule(
        name="cut-by-chunking",
        symptom="Chunking splits the answer",
        when=(_verdict(Verdict.CUT_BY_CHUNKING),),
        fix=Fix.CHUNKING,
        advice="Make passages larger, or overlap them by at least the length of the answer.",
    ),
    Rule(
        name="cut-by-first-pass",
        symptom="The first pass puts it too far down",
        when=(_verdict(Verdict.CUT_BY_FIRST_PASS),),
        fix=Fix.FIRST_PASS,
        advice="The reranker did not read it. Enlarge the pool, use another first pass, or turn it off.",
    ),
    Rule(
        name="unread",
        symptom="The answer is beyond the reranker's token limit",
        when=(_verdict(Verdict.UNREAD),),
        fix=Fix.CHUNKING,
        advice="Make passages smaller, or use a reranker that reads longer ones.",
    ),
    Rule(
        name="not-returned",
        symptom="The reranker reads it and does not return it",
        when=(_verdict(Verdict.NOT_RETURNED),),
        fix=Fix.RERANKER,
        advice="Let the reranker return more of what it reads, or try another one on the recorded candidates.",
    ),
    Rule(
        name="pushed-down",
        symptom="A signal outweighs relevance",
        when=(_verdict(Verdict.PUSHED_DOWN),),
        fix=Fix.SIGNALS,
        advice="Lower the weight of the signal, or correct the date or source that it uses.",
    ),
    Rule(
        name="under-threshold",
        symptom="Relevant, and under the threshold",
        when=(_verdict(Verdict.UNDER_THRESHOLD), _rank("final_rank", "at most", 5)),
        fix=Fix.THRESHOLD,
        advice="The order is right, but the threshold is too strict. Choose it from labelled questions.",
    ),
    Rule(
        name="top-k-too-small",
        symptom="In the top 5, and cut by an even smaller top-k",
        when=(_verdict(Verdict.CUT_BY_TOP_K, Verdict.NOT_SELECTED, Verdict.DEMOTED), _rank("final_rank", "at most", 5)),
        fix=Fix.LARGER_TOP_K,
        advice="It is ranked well enough to be given. Keep a few more passages.",
    ),
    Rule(
        name="not-used-among-few",
        symptom="Given among few passages, and not used",
        when=(_verdict(Verdict.NOT_CITED), _quoted(False), _rank("kept_count", "at most", 3)),
        fix=Fix.GENERATION,
        advice="Retrieval worked. Check the exact prompt, or try another model.",
    ),
    Rule(
        name="quoted-another",
        symptom="Given, and other passages are quoted",
        when=(_verdict(Verdict.NOT_CITED), _quoted(True)),
        fix=Fix.PREFERENCE,
        advice="Without a language model the answer quotes the few sentences nearest to the question. Where those are "
        "out of date or of less authority, weigh freshness or authority, filter by source, or remove the document.",
    ),
)
"""The decision table. The first five rows are the general advice for retrieval with a reranker; the others name the
fix that a verdict itself points to."""


def remedies(symptoms: Symptoms) -> tuple[Rule, ...]:
    """The rules that apply, in the table's order. None for a document that was kept and cited."""
    return tuple(rule for rule in RULES if rule.applies(symptoms))
