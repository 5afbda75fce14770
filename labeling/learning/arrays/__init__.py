"""Arrays: their types, rows and probabilities."""
