"""Runs: recorded queries of any pipeline, your own or somebody else's.

run        what a run is
as_trace   a run as a trace, for every page and report
opening    a file of runs
sent       how a run is sent: the published record, forgiving about ids, ranks and texts
recorder   three lines around your own steps
store      runs in the database
spans      traces of other programs, and how they become runs
collector  the server that takes both
importers  exports of other programs
live       an HTTP endpoint or a Python function that is asked
"""
