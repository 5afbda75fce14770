"""Idempotency: a request that is sent again changes nothing."""
