"""Repeatable measurements of the service: `./run bench NAME ARGS`, each printing one JSON object."""
