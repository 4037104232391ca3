"""What is kept: the database (pair scores, cases, judgments, jobs), and files that are written whole."""
