"""Weights of local models: find, download, choose what computes them."""
