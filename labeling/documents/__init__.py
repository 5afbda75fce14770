"""Documents: texts with their metadata, languages, near-duplicates and slices."""
