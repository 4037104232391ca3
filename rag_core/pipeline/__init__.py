"""One query's way: measure, rerank, replay."""
