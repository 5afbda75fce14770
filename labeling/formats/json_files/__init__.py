"""JSON files: strict values, lists, members and lines, read in constant memory."""
