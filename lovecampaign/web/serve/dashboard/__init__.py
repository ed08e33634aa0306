"""The operators' dashboard: the month, its numbers, problems, pause and resume."""
