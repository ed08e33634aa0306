"""Jinja: a sandbox that prints tokens and defers personal values, and its names and filters."""
