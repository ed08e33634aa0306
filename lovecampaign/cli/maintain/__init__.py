"""Verbs for upkeep: ``db``, ``doctor``, ``demo``."""
