"""Edge of the API: what every route shares, from authentication to errors and pages of lists."""
