"""A second opinion on the month: what DESIGN.md promises, worked out one reader at a time."""
