"""What subscribers say, and what becomes of it."""
