"""Forms: what a page may send. Parsed, checked and explained field by field; actions check again."""
