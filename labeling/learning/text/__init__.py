"""Text: from words to features."""
