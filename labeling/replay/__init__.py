"""Retrospective replay of a project on its own labels."""
