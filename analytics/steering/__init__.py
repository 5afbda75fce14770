"""The steering report."""
