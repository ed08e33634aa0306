"""Rules about copy, links and merge fields."""
