"""How do templates write numbers and texts?"""
