"""The test set as a model saw it."""
