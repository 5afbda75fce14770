"""The report on saved labels."""
