"""How good is it, can the number be believed, and what is uneven? Pure: arrays in, frozen results out."""
