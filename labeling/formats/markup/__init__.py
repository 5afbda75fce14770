"""Markup of guidelines: Markdown made safe, and the differences of two versions."""
