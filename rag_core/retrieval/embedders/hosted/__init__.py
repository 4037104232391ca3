"""Embedding services and servers of your own, over HTTP."""
