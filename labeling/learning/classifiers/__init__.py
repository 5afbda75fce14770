"""Classifiers: the experts of the committee and what puts them together."""
