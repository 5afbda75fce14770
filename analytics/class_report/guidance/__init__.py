"""Guidance: what the reader should do about the numbers. Each module looks for one kind of trouble."""
