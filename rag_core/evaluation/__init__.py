"""Labelled sets, one scoring pass, and every question about quality answered by replay on arrays.

sets, runs      what was judged, and what was ranked elsewhere
score           one pass over the queries: measure and score once, resumable
pools           the candidates of all queries as arrays; orders: the pipeline's arithmetic on them
metrics         nDCG, RR, P, R, AP, Success, Judged (tables by ir_measures, sweeps by arrays held equal to it)
compare         bootstrap interval, permutation test, win / tie / loss, how many labels would do
sweeps          pool, depth, fusion, threshold, top-k, signals; the knee; the Pareto front
headroom        what retrieval, fusion and ranking each lost
gate, report    a verdict for CI; JSON, CSV and Markdown
learn           fine-tune the cross-encoder on the judgments
"""
