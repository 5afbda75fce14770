"""Metrics: how good it is, how sure that is, and what is uneven. Pure: arrays in, frozen results out."""
