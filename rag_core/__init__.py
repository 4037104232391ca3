"""Second Pass: what happens to a question between a search box and an answer.

The library behind the app, usable from a notebook or a service. It never imports streamlit or plotly.
Start at `rag_core.pipeline.pipeline.Pipeline`, or at the worked example in the README.
"""
