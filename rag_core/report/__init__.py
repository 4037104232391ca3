"""One run as a single HTML file that needs nothing else."""
