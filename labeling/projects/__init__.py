"""Projects, their members, and how people and programs get in."""
