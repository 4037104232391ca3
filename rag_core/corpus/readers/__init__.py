"""One reader per family of files: bytes in, records out. `rag_core.corpus.loading.load` chooses among them."""
