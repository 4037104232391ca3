"""What the pages show, in parts."""
