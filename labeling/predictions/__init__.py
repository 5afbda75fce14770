"""Predictions: held-out, prequential and external ones, and the models that made them."""
