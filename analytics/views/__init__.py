"""The pages of analytics: parse, permit, one report, answer."""
