"""What a reader of a step must know, in the sentences that its trace stores.

Each is made of figures and names alone, so every part may use it; when it is said is decided where it is found out.
"""

from __future__ import annotations

from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.numbers import count_of, verb

WHY_STOPPED = {
    "asked": "was stopped",
    "certain": "stopped because nothing unread can score higher than the candidates that are kept",
    "patience": "stopped because the first places had not changed for long (a guess: one that it did not read may "
    "belong there)",
}
"""By the reason that a reranker did not read its pool to the end."""


def no_engine_fusion(collection: str) -> str:
    """An engine that has no hybrid search was asked for it."""
    return f"{collection} has no hybrid search of its own. Fuse its searches here."


def engine_fused(collection: str) -> str:
    """The fused list is the engine's."""
    return (
        f"{collection} fused this list itself, in its own hybrid search: it does not say what each search added. "
        "Weights and the constant k change nothing in it, and what they would change cannot be replayed."
    )


def flat(candidates: int) -> str:
    """All scores are equal."""
    return f"All {candidates} candidates have the same score: this order carries no information."


def tied(places: int, first: int) -> str:
    """Some of the first places are tied."""
    return f"{places} of the first {first} places {verb(places)} tied with the one above; ties keep the order before."


def saturated(high: int, limit: float, top_k: int) -> str:
    """More candidates near probability 1 than are kept."""
    return f"{high} candidates score over {limit}: more than the {top_k} kept, so the scores hardly choose."


def not_calibrated(model: str) -> str:
    """Nobody knows from which cosine on a passage is far away."""
    return (
        "Whether the collection holds anything about this question cannot be told from its nearest passage: the "
        f"embedding model {model} is not calibrated."
    )


def approximate(how: str) -> str:
    """A dense search that does not compare with every passage."""
    return f"Approximate search ({how}): a passage may be missing that an exact search would find."


def outside(cosine: float) -> str:
    """Even the nearest passage is far away."""
    return (
        f"Even the nearest passage is far from this question (cosine {cosine:.2f}): "
        "the collection may hold nothing about it."
    )


def near_duplicates(repeats: int, kept: int) -> str:
    """Kept passages that say again what one before them says."""
    return (
        f"{repeats} of the {kept} kept passages {verb(repeats, 'repeats', 'repeat')} another one almost "
        "word for word, in a place that other text could have."
    )


def dense_empty(where: str) -> str:
    """The dense search found nothing under a filter."""
    return f"It found no passage that has {where}. Check the filter: the name of the field, and its value."


def lexical_empty(known_terms: bool, where: str = "") -> str:
    """The lexical search found nothing. known_terms: words of the question are in what the filter `where` leaves, all
    of the collection where it is empty."""
    common = "its words are in half of the passages or more, which BM25 ignores"
    place = f"a passage that has {where}" if where else "the collection"
    why = common if known_terms else f"no word of the question is in {place}"
    return f"The lexical search found nothing: {why}."


LEXICAL_EMPTY_ELSEWHERE = (
    "The lexical search found nothing: no passage has the words of the question, or the filter excludes those that do."
)


def extra_search_empty(where: str) -> str:
    """An extra search found nothing under its filter; empty for none."""
    why = f"no passage has {where}" if where else "the collection has no passage for it"
    return f"It found nothing: {why}."


def rerank_failed(report: RerankSummary, who: str, order: str) -> str:
    """A reranker or a first pass did not run, and which order goes on."""
    instead = f"Instead, {order} goes on." if who == "first pass" else f"You see {order}."
    return f"The {who} {report.name} did not run: {report.reason} {instead}"


def stopped(report: RerankSummary, read: int) -> str:
    """The reranker did not read its pool to the end."""
    rest, why = report.pairs_unread, WHY_STOPPED[report.stopped or "asked"]
    return (
        f"The reranker {why}. It read {read} of {read + rest} candidates; the others have no score and follow in "
        "the order before."
    )


def order_unchanged(who: str, candidates: int) -> str:
    """All that scoring gave is the order that was there."""
    return f"The {who} scored {candidates} candidates and changed no rank."


def passages_cut(report: RerankSummary, who: str, candidates: int) -> str:
    """Passages are longer than the model reads."""
    cut = report.passages_cut
    return (
        f"{cut} of {candidates} passages {verb(cut)} longer than the {who} reads; "
        f"it never saw {report.unseen_tokens} of {verb(cut, 'its', 'their')} tokens."
    )


def calibration_idle(fitted: str, model: str) -> str:
    """A calibration that was fitted to another model than the one that ran."""
    return (
        f"The calibration was fitted to the scores of {fitted}; {model} gave these. They are not calibrated. Fit it "
        "once more on the Evaluate page."
    )


def threshold_idle(asked: ScoreSpace, there: ScoreSpace) -> str:
    """A threshold for another score than the run has."""
    return f"The threshold is for {asked} scores; this run's are {there}, so nothing was cut by it."


def search_scores_idle(search: str, there: ScoreSpace) -> str:
    """A first pass adds the scores of a search that mean something else than it can add."""
    wanted = "not cosine" if search == "dense" else "neither bm25 nor ts_rank_cd"
    return f"The scores of the {search} search are {there}, {wanted}, so the first pass adds nothing of them."


def undated(number: int, candidates: int) -> str:
    """Candidates without a date, where freshness counts."""
    has, their = verb(number, "has", "have"), verb(number, "its", "their")
    return f"{number} of {candidates} candidates {has} no date; {their} freshness counts as 0."


def not_checked(failure: object) -> str:
    """The sentences of an answer could not be compared with the passages."""
    return f"Its sentences were not checked against the passages: {failure}"


def cache_unreadable(failure: object) -> str:
    """The scores of earlier runs could not be read."""
    return f"The cache of scores could not be read, so all pairs were scored: {failure}"


def not_converted(why: str) -> str:
    """The embedding model runs in torch although it might be faster. `why`: what failed, without a full stop."""
    return f"The embedding model runs in torch, which is slower (not converted to OpenVINO: {why})."


def token_vectors_read_now(kept: bool) -> str:
    """Late interaction had to read passages at query time. kept: on disk, for the next time."""
    if kept:
        return (
            "No token vectors of some passages were kept, so late interaction read these passages now. That takes far "
            "longer, once: their token vectors are kept on this machine, for every later run."
        )
    return (
        "No token vectors of these passages are stored, so late interaction read the passages now. That takes far "
        "longer, once: it remembers them while the program runs. Re-indexing a collection of this app stores "
        "them, where its embedding model makes them and they fit the size that is allowed for them."
    )


def token_records_damaged(count: int) -> str:
    """Some of the kept token vectors were damaged."""
    return f"The kept token vectors of {count_of(count, 'passage')} were damaged, so they were made again."


def token_book_made_anew(path: object, failure: object) -> str:
    """The file of the kept token vectors was damaged."""
    return f"The kept token vectors in {path} were damaged ({failure}). That file was removed; they are made again."


def token_book_held(path: object, failure: object) -> str:
    """Another process writes to the file of the kept token vectors, for longer than one waits."""
    return f"Another process is writing the kept token vectors in {path} ({failure}). They can be used when it is done."


def token_use_not_noted(failure: object) -> str:
    """Kept token vectors were used; that they were could not be written down."""
    return f"The kept token vectors were used, but could not be marked as used: {failure}"


def cache_unwritable(failure: object) -> str:
    """The scores could not be kept."""
    return f"These scores were not saved for the next run: {failure}"
