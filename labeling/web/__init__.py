"""Page views: which page answers which request. Parse, permit, one action, answer."""
