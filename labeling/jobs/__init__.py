"""Jobs: the outbox of what workers owe, who runs it, and what keeps failing."""
