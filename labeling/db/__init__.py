"""Database access: the clock, prepared statements, and whether the database answers."""
