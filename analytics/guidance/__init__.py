"""What should the reader do about the numbers? Each module looks for one kind of trouble."""
