"""The report on model versions."""
