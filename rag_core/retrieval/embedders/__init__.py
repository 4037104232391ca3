"""Bi-encoders: texts to vectors."""
