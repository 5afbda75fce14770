"""The report on slices."""
