"""Annotations: submitted, validated, resolved, corrected, adjudicated."""
