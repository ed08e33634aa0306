"""The pages of the people who send: the month, its numbers, and what needs a hand."""
