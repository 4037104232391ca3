"""The decision table in words: symptoms, the conditions of each rule, the kinds of fix, and what to do."""

from __future__ import annotations

from rag_core.diagnosis.rules import Fix, Rule


def symptom(rule: Rule) -> str:
    """The symptom that a rule is about."""
    return SYMPTOMS[rule.name]


def fix_name(rule: Rule) -> str:
    """The kind of fix, to follow `Fix: `."""
    return FIXES[rule.fix]


def advice(rule: Rule) -> str:
    """Why, and what to do."""
    return ADVICE[rule.name]


def conditions(rule: Rule) -> str:
    """`The search ranks it at most 50th ...`: when a rule applies, as a sentence."""
    return CONDITIONS[rule.name]


FIXES = {
    Fix.RERANKER: "a reranker, or a better one",
    Fix.SEARCH: "embeddings, hybrid search, or chunking",
    Fix.LEXICAL: "lexical search",
    Fix.FIRST_PASS: "a larger pool, or another first pass",
    Fix.SMALLER_TOP_K: "a smaller top-k",
    Fix.LARGER_TOP_K: "a larger top-k",
    Fix.REWRITING: "chunking or query rewriting",
    Fix.DOCUMENTS: "the documents",
    Fix.FILTER: "the filter",
    Fix.CHUNKING: "chunking",
    Fix.SIGNALS: "the signals",
    Fix.THRESHOLD: "the threshold",
    Fix.GENERATION: "how the answer is made",
    Fix.PREFERENCE: "freshness, authority, or the documents",
}
SYMPTOMS = {
    "top-50-not-top-5": "In the top 50, not in the top 5",
    "not-top-50": "Not in the top 50 at all",
    "codes-missed": "Codes and IDs are missed",
    "too-many-candidates": "Too many candidates confuse the LLM",
    "varies-between-users": "Quality varies between users",
    "not-in-corpus": "The document is not in the collection",
    "filtered-out": "The filter leaves the document out",
    "cut-by-chunking": "Chunking splits the answer",
    "cut-by-first-pass": "The first pass puts it too far down",
    "unread": "The answer is beyond the reranker's token limit",
    "not-returned": "The reranker reads it and does not return it",
    "pushed-down": "A signal outweighs relevance",
    "under-threshold": "Ranked high, and under the threshold",
    "top-k-too-small": "In the top 5, and cut by an even smaller top-k",
    "not-used-among-few": "Given among few passages, and not used",
    "quoted-another": "The answer quotes other passages",
}
CONDITIONS = {
    "top-50-not-top-5": "Fusion ranks it among the first 50, and it ends below the first 5 and is not kept.",
    "not-top-50": "No search finds it, or it does not reach the pool, and fusion does not rank it among the first 50.",
    "codes-missed": "The question holds a code that is in the passage, and the passage does not reach the pool.",
    "too-many-candidates": "A language model is given it among more than 3 passages and does not cite it.",
    "varies-between-users": "Some questions about the document keep it, and others lose it.",
    "not-in-corpus": "No document of the collection is the one that you name.",
    "filtered-out": "The filter of the question excludes it.",
    "cut-by-chunking": "The words that answer are split between two passages.",
    "cut-by-first-pass": "The first pass reads it and does not hand it on.",
    "unread": "The words that answer are past what the reranker reads of a passage.",
    "not-returned": "The reranker reads it, and it is not in the list that comes back.",
    "pushed-down": "It would be kept after reranking, and a signal takes its place away.",
    "under-threshold": "It ends among the first 5, with a score under the threshold.",
    "top-k-too-small": "It ends among the first 5, and fewer are kept.",
    "not-used-among-few": "A language model is given it among at most 3 passages and does not cite it.",
    "quoted-another": "It is kept, and the answer, which quotes passages word for word, quotes others.",
}
"""When each rule applies, by its name: what its `when` says, for a reader. Numbers are the rule's."""
ADVICE = {
    "top-50-not-top-5": (
        "The searches find it but rank it too low. Rerank a pool that contains it, or try another reranker."
    ),
    "not-top-50": (
        "A reranker sees only what the searches find. Try other embeddings, both searches together, or smaller "
        "passages."
    ),
    "codes-missed": (
        "The question names a code that is in the passage. Embeddings blur codes; give lexical search more weight."
    ),
    "too-many-candidates": "The passage was given and not used. Give fewer passages.",
    "varies-between-users": (
        "Asked in other words, the question keeps the document. Give passages more context, or rewrite the question."
    ),
    "not-in-corpus": "Add the document, or check whether it has another title.",
    "filtered-out": "Widen the question's filter, or correct the document's metadata.",
    "cut-by-chunking": "Make passages larger, or overlap them by at least the length of the answer.",
    "cut-by-first-pass": "The reranker did not read it. Enlarge the pool, use another first pass, or turn it off.",
    "unread": "Make passages smaller, or use a reranker that reads longer ones.",
    "not-returned": "Let the reranker return more of what it reads, or try another one on the recorded candidates.",
    "pushed-down": "Lower the weight of the signal, or correct the date or source that it uses.",
    "under-threshold": (
        "If this document does answer the question, the threshold is too strict for it. Choose the threshold from "
        "labelled questions, not from this one."
    ),
    "top-k-too-small": "It is ranked well enough to be given. Keep a few more passages.",
    "not-used-among-few": "Retrieval worked. Check the exact prompt, or try another model.",
    "quoted-another": (
        "Without a language model the answer quotes the few sentences nearest to the question. Where those are "
        "out of date or of less authority, weigh freshness or authority, filter by source, or remove the "
        "document."
    ),
}
"""By the name of the rule."""
