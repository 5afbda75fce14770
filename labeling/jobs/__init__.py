"""Jobs: the outbox of what workers still have to do, who runs it, and what keeps failing."""
