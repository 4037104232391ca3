"""What a score means."""

from __future__ import annotations

from enum import StrEnum


class ScoreSpace(StrEnum):
    """What a score means. Scores of different spaces are never put on one axis.

    cosine       dot product of unit vectors, -1..1
    bm25         Okapi BM25, 0 and up, comparable within one query and collection only
    rrf          reciprocal rank fusion, small positive numbers; says nothing about relevance by itself
    maxsim       mean over query tokens of the best cosine to a passage token, -1..1 (late interaction)
    logit        a cross-encoder's last output (calibrated where its model says so), unbounded
    probability  sigmoid of a logit, 0..1
    grade        a language model's grade from 0 to 10 as a share, 0..1: its opinion, not a probability
    combined     weighted sum of relevance and signals
    """

    COSINE = "cosine"
    BM25 = "bm25"
    RRF = "rrf"
    MAXSIM = "maxsim"
    LOGIT = "logit"
    PROBABILITY = "probability"
    GRADE = "grade"
    COMBINED = "combined"
