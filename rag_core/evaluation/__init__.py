"""Labelled sets, one scoring pass, and every question about quality answered by replay on arrays.

- sets (beir, table), runs: what was judged, and what was ranked elsewhere
- beside: extra searches on the command line
- score: one pass over the queries, measured and scored once, resumable
- pools (gather, elsewhere): the candidates of all queries as arrays; orders: replay's arithmetic on them
- metrics: nDCG, RR, P, R, AP, Success, Judged; tables by ir_measures, sweeps by arrays held equal to it
- compare: bootstrap interval, permutation test, win / tie / loss, how many labels would do
- sweeps, cuts, headroom, board: every setting against quality, the knee, the Pareto front, where quality was lost
- report, gate, export: what was found, saved and read back; a verdict for CI; Markdown, CSV, TREC files
- learn: fine-tune the cross-encoder on the judgments
"""
