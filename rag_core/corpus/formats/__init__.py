"""One reader per family of files: bytes in, records out. `rag_core.corpus.load` chooses among them."""
