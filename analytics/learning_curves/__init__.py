"""The report on learning curves."""
