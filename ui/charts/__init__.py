"""Charts, one a module: a trace or a table in, a plotly figure out. They compute nothing else."""
