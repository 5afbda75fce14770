"""Training: when, on what, by which model, and where it is kept."""
