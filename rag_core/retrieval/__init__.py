"""Dense search, lexical search and fusion, and the protocol of an engine that holds a collection."""
