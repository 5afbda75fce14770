"""Machine learning on labels: pure mathematics. Arrays in, arrays out, seeds as arguments."""
