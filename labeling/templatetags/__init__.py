"""Template tag libraries of labeling: how templates write numbers and texts."""
