"""The only Streamlit code beside the pages: state and sidebar, caches, views, charts."""
