"""Router only: the pages, in order. Each page stands by itself."""

import streamlit as st

PAGES = [
    st.Page("pages/inspect_query.py", title="Inspect", icon=":material/manage_search:", default=True),
    st.Page("pages/manage_corpus.py", title="Corpus", icon=":material/library_books:", url_path="corpus"),
]

st.navigation(PAGES).run()
