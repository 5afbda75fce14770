"""Steering: focus, class needs, queue mix and picks."""
