"""Eligibility rules in SQL: whether, when and why not a subscriber gets an email."""
