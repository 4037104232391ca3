"""Tables to download, as the library's one writer writes them."""

from __future__ import annotations

import pandas as pd

from rag_core.storage.spreadsheet import csv_text


def table_csv(table: pd.DataFrame) -> str:
    """The table as CSV, without its index."""
    return csv_text(list(table.columns), table.itertuples(index=False))
