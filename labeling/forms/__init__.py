"""What may a page send? Parsed, checked field by field, and explained beside the field; actions check again."""
