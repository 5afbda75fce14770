"""Evaluation: scores, stopping, savings and model selection."""
