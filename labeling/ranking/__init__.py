"""Ranking: the head of the queue, what is asked of it, and what is attached to it."""
