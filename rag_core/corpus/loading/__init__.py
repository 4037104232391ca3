"""Files to documents: one file or folder at a time, each parsed in a process of its own."""
