"""Verbs for upkeep: ``db``, ``demo``."""
