"""The database: pair scores, cases, judgments, jobs."""
