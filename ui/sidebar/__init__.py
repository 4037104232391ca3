"""The settings of a run, their links, and what this session may use."""
