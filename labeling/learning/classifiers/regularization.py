"""Regularization strength: how much the labels weigh against small weights of a linear classifier."""

STRENGTH = 20.0  # C; 1, the usual default, costs 20 points of F1 on sparse rows with few labels
