"""Documents in, labels out."""
