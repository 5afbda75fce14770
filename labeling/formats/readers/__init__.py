"""Readers of other tools' files: each module knows one tool's shape, and nothing of the others."""
