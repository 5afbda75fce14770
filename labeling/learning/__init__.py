"""What does the service learn from labels? Pure mathematics: arrays in, arrays out, seeds as arguments."""
