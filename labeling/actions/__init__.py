"""Actions: what people and workers do. Every write goes through here, one transaction each."""
