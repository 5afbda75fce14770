"""How do templates show measured numbers?"""
