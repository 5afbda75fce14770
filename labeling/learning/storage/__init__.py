"""Storage: append-only stores of arrays, memory-mapped."""
