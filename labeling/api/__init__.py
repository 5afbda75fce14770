"""How do machines work with the queue? The JSON edge, /api/v1/: parse, permit, one action, answer."""
