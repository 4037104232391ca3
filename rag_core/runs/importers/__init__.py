"""Importers: runs from the exports of other programs. One module a format, one row in `registry`; `uploads`
lets a person correct what a table says."""
