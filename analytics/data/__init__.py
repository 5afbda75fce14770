"""Data that several reports read."""
