"""Dialogue with people: their letters, and what they tell."""
