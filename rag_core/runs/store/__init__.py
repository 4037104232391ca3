"""Runs in the database.

tables     the tables, as the code uses them
summary    what is listed of a run
checks     what is suspicious about a run
run_book   add, list, read and delete runs
retention  how long runs are kept
overview   what many runs have in common: their notes, their times
"""
