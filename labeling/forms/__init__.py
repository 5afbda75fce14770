"""What may a page send? Parsed, checked field by field, explained beside the field; actions check again."""
