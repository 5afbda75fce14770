"""Reports: they read labeling, measure every class, and steer the queue."""
