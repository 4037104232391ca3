"""What a score means."""

from __future__ import annotations

from enum import StrEnum


class ScoreSpace(StrEnum):
    """What a score means. Scores of different spaces are never put on one axis.

    cosine       dot product of unit vectors, -1..1
    bm25         Okapi BM25, 0 and up, comparable within one query and collection only
    ts_rank_cd   Postgres's cover density rank, 0 and up: no BM25, comparable within one query only
    rrf          reciprocal rank fusion, small positive numbers; says nothing about relevance by itself
    maxsim       mean over query tokens of the best cosine to a passage token, -1..1 (late interaction)
    logit        a cross-encoder's last output (calibrated where its model says so), unbounded
    probability  sigmoid of a logit, 0..1
    grade        a language model's grade from 0 to 10 as a share, 0..1: its opinion, not a probability
    combined     weighted sum of relevance and signals, or of a first pass's scores and the searches'
    dot          dot product of vectors of any length, unbounded
    distance     how far apart two vectors are, 0 and up; lower is better
    rank         the rank itself, where no score was recorded; lower is better
    unknown      a score of another pipeline that nobody has named; only its order says something
    """

    COSINE = "cosine"
    BM25 = "bm25"
    TS_RANK_CD = "ts_rank_cd"
    RRF = "rrf"
    MAXSIM = "maxsim"
    LOGIT = "logit"
    PROBABILITY = "probability"
    GRADE = "grade"
    COMBINED = "combined"
    DOT = "dot"
    DISTANCE = "distance"
    RANK = "rank"
    UNKNOWN = "unknown"

    @property
    def lower_is_better(self) -> bool:
        """True for a distance and a bare rank. The order of a step's hits is what was recorded, whatever this says."""
        return self in (ScoreSpace.DISTANCE, ScoreSpace.RANK)
