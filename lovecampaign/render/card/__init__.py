"""Share cards: a hero's words as a picture."""
