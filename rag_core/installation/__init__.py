"""This installation: its version, its optional packages, and where its files lie."""
