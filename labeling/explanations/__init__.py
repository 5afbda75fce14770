"""Explanations: why a document comes, and what a suggestion rests on, in words."""
