"""Next steps of a project."""
