"""The desk: what the labeling page shows and holds."""
