"""Router only: the pages, in order. Each page stands by itself."""

import streamlit as st

PAGES = [
    st.Page("pages/inspect_query.py", title="Inspect", icon=":material/manage_search:", default=True),
    st.Page(
        "pages/scores_threshold.py",
        title="Scores & threshold",
        icon=":material/align_vertical_center:",
        url_path="scores",
    ),
    st.Page("pages/latency_cost.py", title="Latency & cost", icon=":material/timer:", url_path="latency"),
    st.Page("pages/compare_runs.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
    st.Page("pages/evaluate_runs.py", title="Evaluate", icon=":material/query_stats:", url_path="evaluate"),
    st.Page("pages/triage_loss.py", title="Triage", icon=":material/troubleshoot:", url_path="triage"),
    st.Page("pages/choose_reranker.py", title="Rerankers", icon=":material/swap_vert:", url_path="rerankers"),
    st.Page("pages/manage_corpus.py", title="Corpus", icon=":material/library_books:", url_path="corpus"),
]

st.navigation(PAGES).run()
