"""The values that travel through the package, without logic."""
