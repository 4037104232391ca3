"""Files -> documents -> chunks -> a named, saved collection."""
