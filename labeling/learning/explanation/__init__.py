"""Explanation: the words that decided."""
