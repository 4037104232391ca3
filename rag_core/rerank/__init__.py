"""Rerankers: one adapter a module, all the same shape; the catalogue; the pair-score cache."""
