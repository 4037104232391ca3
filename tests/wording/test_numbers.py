"""Numbers and names are written alike everywhere."""

from __future__ import annotations
