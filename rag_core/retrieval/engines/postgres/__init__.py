"""A table of Postgres with pgvector, searched as it is: connection, layout, filters, searches. Nothing is written."""
