"""Shared basics: clock, settings, errors, problems, tokens, caches, CSV reading, messages."""
