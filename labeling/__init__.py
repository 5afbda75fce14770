"""The labeling service: documents in, labels out."""
