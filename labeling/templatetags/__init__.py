"""Labeling template tags: how templates write numbers and texts."""
