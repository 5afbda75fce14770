"""Scripts that the Python of a tool runs, without our modules."""
