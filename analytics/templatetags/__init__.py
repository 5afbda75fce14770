"""Analytics template tags: how templates show measured numbers."""
