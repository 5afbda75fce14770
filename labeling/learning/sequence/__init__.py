"""Sequence labeling: the span tagger and its features."""
