"""The distribution report."""
