"""The edge: what pages and JSON of reports share."""
