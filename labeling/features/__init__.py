"""Features: the numbers about a text that ranking and training read."""
