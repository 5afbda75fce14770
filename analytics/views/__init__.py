"""Report pages: parse, permit, one report, answer."""
