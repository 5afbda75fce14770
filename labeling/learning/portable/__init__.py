"""Portable predictors: a trained model for texts of anywhere, and the files that it is taken home in."""
