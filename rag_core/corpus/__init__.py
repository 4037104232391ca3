"""Files -> documents -> passages -> a named, saved collection."""
