"""Reads labeling, measures every class, steers the queue."""
