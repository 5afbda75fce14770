"""JSON API, /api/v1/: how machines work with the queue. Parse, permit, one action, answer."""
